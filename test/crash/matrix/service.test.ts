import { crashMatrix } from "../matrix.ts";
import { killed } from "../ways.ts";

crashMatrix("service", killed, 4);
