import { crashMatrix } from "../matrix.ts";
import { killed } from "../ways.ts";

crashMatrix("schema", killed, 4);
