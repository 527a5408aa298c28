// The answer to OPTIONS: which methods a table, view or function has.
import type { Table } from "../schema_cache/types.ts";
import type { RestResponse } from "./common.ts";

export const optionsResponse = (allow: string): RestResponse => ({
  status: 200,
  headers: [["allow", allow]],
  body: "",
});

export function relationMethods({ primaryKey, isInsertable, isUpdatable, isDeletable }: Table): string {
  const methods = [
    "OPTIONS,GET,HEAD",
    isInsertable && "POST",
    isInsertable && isUpdatable && primaryKey.length > 0 && "PUT",
    isUpdatable && "PATCH",
    isDeletable && "DELETE",
  ];
  return methods.filter((method) => typeof method === "string").join(",");
}
