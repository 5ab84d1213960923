import { crashMatrix } from "../matrix.ts";
import { killed } from "../ways.ts";

crashMatrix("database", killed, 4);
