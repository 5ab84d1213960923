import { z } from "zod";
import { PublisherSettings } from "../publishers/index.ts";

/** A name that strangers read. */
const PublicName = z.string().trim().min(1).max(100);

/** A part of the application under the name that the public knows it by. */
const ComponentSettings = z.strictObject({
  name: PublicName,
  /** The services that it consists of. Default none. */
  services: z.array(z.string()).default([]),
  /** The signals that speak of it, beside those of its services. Default none. With neither it stands for the whole application. */
  signals: z.array(z.string()).default([]),
});
export type ComponentSettings = z.infer<typeof ComponentSettings>;

/** What the public is told, and where. */
export const StatusPageSettings = z.strictObject({
  /** The heading. Default the application's name. */
  title: PublicName.optional(),
  /** Where the public finds the page, such as `https://status.example.com`. Default: it does not say. */
  url: z.url({ protocol: /^https?$/u }).optional(),
  /** What the page lists. Default one part: the whole application, under the page's title. */
  components: z.array(ComponentSettings).default([]),
  /** Pages of services elsewhere that show the same incidents, by a name of your choice. Default none. */
  publish: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/u), PublisherSettings).default({}),
});
export type StatusPageSettings = z.infer<typeof StatusPageSettings>;
