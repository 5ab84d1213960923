import { PublisherSettings } from "../../../src/notify/publishers/index.ts";
import { openClock } from "../../../src/system/clock.ts";
import { httpChannelContract } from "../../contracts/http-channel.ts";
import { pageOf, publisherContract, viewAfter } from "../../contracts/publisher.ts";
import { startCachet } from "../../support/services/status-pages.ts";

publisherContract("cachet", startCachet);

httpChannelContract("cachet", (url, timeout) => {
  const keys = { token: "geheim-0123456789" };
  const settings = PublisherSettings.parse({ kind: "cachet", ...keys, url, timeout });
  const view = viewAfter(1);
  const incidents = view.incidents.map((one) => ({ ...one, id: "inc-1" }));
  return pageOf(settings, openClock(), () => ({ ...view, incidents }));
});
