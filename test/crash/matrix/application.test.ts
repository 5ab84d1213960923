import { crashMatrix } from "../matrix.ts";

crashMatrix("application");
