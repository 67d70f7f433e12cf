// PostGraphile 4: a schema made from the tables themselves, a statement made for each request.
import http from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import inflector from "@graphile-contrib/pg-simplify-inflector";

// PGHOST, PGUSER and PGDATABASE say where.
const pool = new pg.Pool({ max: 10 });

const handler = postgraphile(pool, "public", {
  appendPlugins: [inflector],
  simpleCollections: "both",
  disableDefaultMutations: true,
  disableQueryLog: true,
  dynamicJson: true,
  enableCors: false,
  enableQueryBatching: false,
  // A table has a column of the name that it would give its own ids.
  graphileBuildOptions: { nodeIdFieldName: "globalId" },
  graphiql: false,
  ignoreRBAC: true,
  legacyRelations: "omit",
  setofFunctionsContainNulls: false,
  watchPg: false,
});

http.createServer(handler).listen(Number(process.argv[2]), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
