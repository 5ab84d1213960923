import { crashMatrix } from "../matrix.ts";

crashMatrix("database");
