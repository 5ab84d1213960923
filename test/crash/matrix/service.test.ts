import { crashMatrix } from "../matrix.ts";

crashMatrix("service");
