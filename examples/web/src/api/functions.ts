/** Functions, as pages call them: the answer is what is returned, and a problem is thrown. */

import type { Functions } from "$types/functions.ts";
import { type FunctionProblem, invoke } from "$types/showcase.ts";
import { supabase } from "./supabase.ts";

type Name = keyof Functions;

export class ProblemError extends Error {
  override name = "ProblemError";
  constructor(readonly problem: FunctionProblem) {
    super(problem.detail);
  }
}

/** @throws ProblemError what the function answered instead, or that it was not reached */
export async function call<N extends Name>(
  name: N,
  request: Functions[N]["Request"],
): Promise<Functions[N]["Response"]> {
  const { data, error } = await invoke(supabase, name, request);
  if (error) throw new ProblemError(error);
  return data;
}
