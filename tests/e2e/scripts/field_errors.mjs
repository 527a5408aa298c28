// supabase/types/showcase.ts on the errors that it is given, with the rules that the database serves.
import { fieldError } from "../../../supabase/types/showcase.ts";
import { main } from "./supabase.mjs";

await main(async ({ errors, rules }) => errors.map((error) => fieldError(error, rules)));
