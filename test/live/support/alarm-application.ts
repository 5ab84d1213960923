import { createServer } from "node:http";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { WebSocketServer } from "ws";
import { z } from "zod";
import type { Cluster } from "../../../lab/cluster.ts";

/** An application that takes readings with a note, stores those with their alerts, and pushes the alerts. */
export interface AlarmApplication {
  readonly url: string;
  readonly socketUrl: string;
  /** How long it thinks before it stores a reading. */
  thinksMs: number;
  /** A release that raises no alerts. */
  isBroken: boolean;
  /** Readings and alerts with a mark of rollwatch's. */
  marked(): Promise<number>;
  /** Readings of others; one was there from the beginning. */
  others(): Promise<number>;
  /** Resolves when the next reading has arrived. */
  begins(): Promise<void>;
  /** Waits until no reading is under way. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** What rollwatch reads with, and what it deletes with. */
export function rolesOf(cluster: Cluster): { readonly watcher: string; readonly tester: string } {
  return {
    watcher: cluster.url("watcher", "hush", "app"),
    tester: cluster.url("tester", "hush", "app"),
  };
}

const Reading = z.object({ note: z.string() });

const SCHEMA = `
  create table readings (id int generated always as identity primary key, dose int, note text);
  create table alerts (id int generated always as identity primary key, reading_id int references readings (id));
  insert into readings (dose, note) values (1, 'rollwatch-like');
  grant select on readings, alerts to watcher;
  grant select, delete on readings, alerts to tester`;

/** Starts it over the cluster, in a database of its own. */
export async function startAlarmApplication(cluster: Cluster): Promise<AlarmApplication> {
  await cluster.admin("create role watcher login password 'hush'");
  await cluster.admin("create role tester login password 'hush'");
  await cluster.admin("create role app login superuser password 'hush'");
  await cluster.admin("create database app owner app");
  await cluster.admin(SCHEMA, "app");
  const client = new Client({ connectionString: cluster.url("app", "hush", "app") });
  await client.connect();
  const underWay = new Set<Promise<void>>();
  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(sockets, "listening");

  async function store(note: string): Promise<void> {
    await sleep(application.thinksMs);
    const sql = application.isBroken
      ? "insert into readings (dose, note) values (9999, $1)"
      : "with r as (insert into readings (dose, note) values (9999, $1) returning id) insert into alerts (reading_id) select id from r";
    await client.query(sql, [note]);
    for (const socket of application.isBroken ? [] : sockets.clients) {
      socket.send(JSON.stringify({ alert: note }));
    }
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { note } = Reading.parse(JSON.parse(Buffer.concat(parts).toString("utf8")));
      const storing = store(note).finally(() => underWay.delete(storing));
      underWay.add(storing);
      void storing.then(() => response.writeHead(201).end("{}"));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  async function count(condition: string): Promise<number> {
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from readings full join alerts on alerts.reading_id = readings.id where ${condition}`,
    );
    return rows[0]?.n ?? Number.NaN;
  }

  const application: AlarmApplication = {
    url: `http://127.0.0.1:${portOf(server.address())}/readings`,
    socketUrl: `ws://127.0.0.1:${portOf(sockets.address())}/`,
    thinksMs: 0,
    isBroken: false,
    marked: async () => count("note ~ '^rollwatch-[0-9a-f]{32}$' or readings.id is null"),
    others: async () => count("note = 'rollwatch-like'"),
    begins: async () => {
      await once(server, "request");
    },
    quiet: async () => {
      await Promise.all(underWay);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      for (const socket of sockets.clients) {
        socket.terminate();
      }
      sockets.close();
      await client.end();
    },
  };
  return application;
}

function portOf(address: ReturnType<ReturnType<typeof createServer>["address"]>): number {
  return typeof address === "object" && address !== null ? address.port : Number.NaN;
}
