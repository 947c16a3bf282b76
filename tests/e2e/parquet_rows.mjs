// SPDX-License-Identifier: Apache-2.0
// Prints columns and rows of a Parquet file as JSON, read by a reader that shares no code with DuckDB.
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { gunzipSync } from 'node:zlib';

const file = await asyncBufferFromFile(process.argv[2]);
const metadata = await parquetMetadataAsync(file);
const columns = metadata.schema.filter((c) => c.type).map((c) => [c.name, c.type, c.converted_type ?? null]);
const codecs = [...new Set(metadata.row_groups.flatMap((g) => g.columns.map((c) => c.meta_data.codec)))];
const rows = await parquetReadObjects({ file, compressors: { GZIP: (bytes) => gunzipSync(bytes) } });
const plain = (key, value) => (typeof value === 'bigint' ? Number(value) : value);
console.log(JSON.stringify({ columns, codecs, rows }, plain));
