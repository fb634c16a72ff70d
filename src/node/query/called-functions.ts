// The user-defined functions a prepared statement calls: EXECUTE on them is asked for.
// Cassandra: CQLStatement.getFunctions.

import type { FunctionSignature } from '../../cql/functions/function.ts';
import type { BatchPlan } from './modification/batch.ts';
import type { ModificationPlan } from './modification/modification-plan.ts';
import { termsOf } from './modification/operations.ts';
import type { TokenRestriction } from './restrictions/relations.ts';
import type { Restriction, TermBound } from './restrictions/restriction.ts';
import type { StatementRestrictions } from './restrictions/statement-restrictions.ts';
import type { SelectPlan } from './select/select-plan.ts';
import { partsOf, selectedFunctions } from './select/selector.ts';
import type { PreparedSelector } from './select/selector.ts';
import type { PreparedTerm } from './terms/term.ts';
import { functionsOf } from './terms/term.ts';

export function userFunctionsCalled(
  plan: SelectPlan | ModificationPlan | BatchPlan,
): readonly FunctionSignature[] {
  return [...new Set(functionsOfPlan(plan).filter((fn) => fn.keyspace !== 'system'))];
}

function functionsOfPlan(
  plan: SelectPlan | ModificationPlan | BatchPlan,
): readonly FunctionSignature[] {
  switch (plan.kind) {
    case 'batch':
      return plan.plans.flatMap(functionsOfPlan);
    case 'select': {
      const { selectors } = plan.selection;
      const terms = [...restrictionTerms(plan.restrictions), ...selectors.flatMap(selectorTerms)];
      return [...selectedFunctions(selectors), ...terms.flatMap(functionsOf)];
    }
    case 'modification': {
      const { regularOperations, staticOperations, attributes, conditions, restrictions } = plan;
      const conditionTerms =
        conditions.kind === 'columns' ? conditions.conditions.flatMap((c) => c.values ?? []) : [];
      const attributeTerms = [attributes.timestamp, attributes.ttl].filter((term) => term !== null);
      const operationTerms = [...regularOperations, ...staticOperations].flatMap(termsOf);
      return [
        ...restrictionTerms(restrictions),
        ...operationTerms,
        ...conditionTerms,
        ...attributeTerms,
      ].flatMap(functionsOf);
    }
  }
}

function selectorTerms(selector: PreparedSelector): readonly PreparedTerm[] {
  const own: (PreparedTerm | null)[] = [];
  if (selector.kind === 'term') own.push(selector.term);
  if (selector.kind === 'element') own.push(selector.key);
  if (selector.kind === 'slice') own.push(selector.from, selector.to);
  return [...own.filter((term) => term !== null), ...partsOf(selector).flatMap(selectorTerms)];
}

function restrictionTerms(restrictions: StatementRestrictions): readonly PreparedTerm[] {
  const { partition, clustering, others, token } = restrictions;
  const all = [...partition.all, ...clustering.all, ...others.all].flatMap(termsOfRestriction);
  return token === null ? all : [...all, ...termsOfToken(token)];
}

function boundTerms(...bounds: readonly (TermBound | null)[]): readonly PreparedTerm[] {
  return bounds.flatMap((bound) => (bound === null ? [] : [bound.term]));
}

function termsOfToken(token: TokenRestriction): readonly PreparedTerm[] {
  return token.kind === 'eq' ? [token.value] : boundTerms(token.start, token.end);
}

function termsOfRestriction(restriction: Restriction): readonly PreparedTerm[] {
  switch (restriction.kind) {
    case 'eq':
    case 'like':
    case 'ann':
      return [restriction.value];
    case 'in':
      return restriction.values ?? [];
    case 'slice':
      return boundTerms(restriction.start, restriction.end);
    case 'contains':
      return [
        ...restriction.values,
        ...restriction.keys,
        ...restriction.entries.flatMap(({ key, value }) => [key, value]),
      ];
  }
}
