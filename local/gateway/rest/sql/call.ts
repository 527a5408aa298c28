// A function's call as SQL.
import { unknownField } from "../plan/fields.ts";
import { type CallPlan, returnsScalar, returnsSetOfScalar } from "../plan/types.ts";
import type { Identifier, Parameter } from "../schema_cache/types.ts";
import { bodySql } from "./body.ts";
import { arrayLiteral, quoteColumn, quoteIdentifier, quoteName } from "./identifiers.ts";
import type { Parameters } from "./parameters.ts";

const CALL: Identifier = { schema: "", name: "pgrst_call" };
const BODY: Identifier = { schema: "", name: "pgrst_body" };

const named = ({ name, isVariadic }: Parameter, value: string) =>
  `${isVariadic ? "variadic " : ""}${quoteName(name)} := ${value}`;

/** The whole body as the one argument. */
function singleArgument(plan: CallPlan, { type }: Parameter, parameters: Parameters): string {
  const given = plan.arguments;
  const body = given.kind === "json" ? given.body : Buffer.from(JSON.stringify(Object.fromEntries(given.values)));
  return `${parameters.add(type === "bytea" ? body : body.toString())}::${type}`;
}

function directArgument(parameter: Parameter, value: string | readonly string[] | undefined, parameters: Parameters) {
  if (value === undefined) return named(parameter, `null::${parameter.castType}`);
  const placeholder = typeof value === "string"
    ? parameters.add(value)
    : `${parameters.add(arrayLiteral(value))}::text[]`;
  return named(parameter, `${placeholder}::${parameter.castType}`);
}

/** `from ... pgrst_call`. */
function callSql(plan: CallPlan, parameters: Parameters): string {
  const { routine } = plan;
  const isScalar = returnsScalar(routine) || returnsSetOfScalar(routine);
  const call = (list: string) =>
    isScalar
      ? `(select ${quoteIdentifier(routine)}(${list}) pgrst_scalar) pgrst_call`
      : `${quoteIdentifier(routine)}(${list}) pgrst_call`;
  if (plan.parameters.kind === "single") {
    return `from ${call(singleArgument(plan, plan.parameters.parameter, parameters))}`;
  }
  const { list } = plan.parameters;
  if (list.length === 0) return `from ${call("")}`;
  const given = plan.arguments;
  if (given.kind === "direct") {
    return `from ${call(list.map((one) => directArgument(one, given.values.get(one.name), parameters)).join(", "))}`;
  }
  const fields = list.map(({ name, castType }) => ({ ...unknownField(name), type: castType }));
  const body = bodySql(given.body, fields, { firstOnly: true }, parameters);
  return `${body}, lateral ${call(list.map((one) => named(one, quoteColumn(BODY, one.name))).join(", "))}`;
}

export function callPlanSql(plan: CallPlan, parameters: Parameters): string {
  const { routine, returning, filterColumns } = plan;
  const columns = returning.length === 0
    ? ["*"]
    : returning[0] === "*"
    ? [quoteColumn(CALL, "*")]
    : [...new Set([...returning, ...filterColumns])].sort().map((column) => quoteColumn(CALL, column));
  const isScalar = returnsScalar(routine) || returnsSetOfScalar(routine);
  return `select ${isScalar ? "pgrst_call.pgrst_scalar" : columns.join(", ")} ${callSql(plan, parameters)}`;
}
