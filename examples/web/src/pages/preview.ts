/** A project by a preview link, whatever its status. */

import { storedMetrics } from "../api/projects.ts";
import { supabase } from "../api/supabase.ts";
import { NotFoundError, type Page, type Visit } from "../router.ts";
import { projectContent } from "./project.ts";

export default async function preview({ params }: Visit): Promise<Page> {
  const { data } = await supabase.rpc("get_project_preview", { token: params.token! }).throwOnError();
  if (!data) throw new NotFoundError("This preview has ended, or its owner revoked it.");
  return { title: data.title, content: projectContent(data, storedMetrics(data), null) };
}
