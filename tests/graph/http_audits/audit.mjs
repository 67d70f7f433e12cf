// Runs every server audit of npm's graphql-http against a URL and prints the results as JSON.
// Usage: node audit.mjs FOLDER URL, where FOLDER/node_modules holds graphql-http.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, url] = process.argv.slice(2);
const { auditServer } = createRequire(join(folder, 'package.json'))('graphql-http');

const results = await auditServer({ url });
const plain = results.map(({ id, name, status, reason = null }) => ({ id, name, status, reason }));
process.stdout.write(JSON.stringify(plain));
