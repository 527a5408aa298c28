import { NotFoundError } from "../router.ts";
import { type Project, readProject } from "./projects.ts";
import { requireMe } from "./session.ts";

/** A project of the signed-in user. @throws NotFoundError it is not theirs, or there is none */
export async function readOwnProject(id: string): Promise<Project> {
  const me = await requireMe();
  const project = await readProject(id);
  if (project?.user_id !== me.id) throw new NotFoundError("This is not a project of yours.");
  return project;
}
