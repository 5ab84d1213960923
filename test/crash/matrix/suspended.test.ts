import { crashMatrix } from "../matrix.ts";
import { suspended } from "../ways.ts";

crashMatrix("application", suspended, 1);
crashMatrix("service", suspended, 0);
crashMatrix("configuration", suspended, 0);
crashMatrix("database", suspended, 1);
crashMatrix("schema", suspended, 0);
