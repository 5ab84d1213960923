import { crashMatrix } from "../matrix.ts";
import { killed } from "../ways.ts";

crashMatrix("configuration", killed, 4);
