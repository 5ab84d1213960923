import { crashMatrix } from "../matrix.ts";
import { powerCut } from "../ways.ts";

crashMatrix("application", powerCut, 2);
crashMatrix("service", powerCut, 0);
crashMatrix("configuration", powerCut, 0);
crashMatrix("database", powerCut, 1);
crashMatrix("schema", powerCut, 0);
