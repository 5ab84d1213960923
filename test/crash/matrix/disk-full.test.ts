import { crashMatrix } from "../matrix.ts";
import { diskFull } from "../ways.ts";

crashMatrix("application", diskFull, 2);
crashMatrix("service", diskFull, 0);
crashMatrix("configuration", diskFull, 0);
crashMatrix("database", diskFull, 0);
crashMatrix("schema", diskFull, 0);
