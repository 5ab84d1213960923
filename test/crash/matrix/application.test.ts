import { crashMatrix } from "../matrix.ts";
import { killed } from "../ways.ts";

crashMatrix("application", killed, 4);
