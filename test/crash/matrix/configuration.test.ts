import { crashMatrix } from "../matrix.ts";

crashMatrix("configuration");
