import { SpikingRxError, invalid } from './errors.js';

/** One finding of a TypeBox validator (JSON-Schema keywords, JSON pointers). */
export interface SchemaFinding {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Longest path told, in characters: keys are the client's, and may be as long as its request. */
const MAX_FIELD_LENGTH = 256;

/** `/grids/0/rx/data` → `grids[0].rx.data`; cut off where it is very long. */
export function fieldOf(pointer: string): string {
  const field = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part, i) => (/^\d+$/.test(part) ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join('');
  return field.length <= MAX_FIELD_LENGTH ? field : `${field.slice(0, MAX_FIELD_LENGTH)}…`;
}

/**
 * The finding that says most about what was wrong, as the project's error.
 * @param value what was validated, to say what came; only kinds, lengths and short scalars are told.
 * @param root name of the whole value, for findings about itself: `body`, `query`.
 */
export function schemaError(
  findings: readonly SchemaFinding[],
  value: unknown,
  root: string,
): SpikingRxError {
  const finding = pick(findings);
  if (!finding) return invalid(root, 'the documented form', describe(value));
  const field = fieldOf(finding.instancePath);
  if (finding.keyword === 'required') {
    const missing = list(finding.params.requiredProperties)[0] ?? '';
    return invalid(field === '' ? missing : `${field}.${missing}`, 'a value', 'none');
  }
  if (finding.keyword === 'boolean') return invalid(field, 'no such key', 'an unknown key');
  return invalid(
    field === '' ? root : field,
    expectation(finding),
    describe(at(value, finding.instancePath)),
  );
}

/** Of a union's branches, only the findings of the one that fits best count. */
function pick(findings: readonly SchemaFinding[]): SchemaFinding | undefined {
  const [first] = findings;
  const union = first && /^(.*?\/anyOf\/)\d+/.exec(first.schemaPath)?.[1];
  if (!union) return first;
  const branches = new Map<string, SchemaFinding[]>();
  for (const finding of findings) {
    if (!finding.schemaPath.startsWith(union)) continue;
    const branch = /^\d+/.exec(finding.schemaPath.slice(union.length))?.[0] ?? '';
    branches.set(branch, [...(branches.get(branch) ?? []), finding]);
  }
  const structural = (branch: readonly SchemaFinding[]): number =>
    branch.filter(({ keyword }) => keyword === 'required' || keyword === 'boolean').length;
  const best = [...branches.values()].toSorted((a, b) => structural(a) - structural(b))[0];
  return best?.[0];
}

function expectation({ keyword, params }: SchemaFinding): string {
  const limit = String(params.limit);
  switch (keyword) {
    case 'type':
      return KINDS[String(params.type)] ?? String(params.type);
    case 'enum':
      return `one of ${list(params.allowedValues).join(', ')}`;
    case 'minimum':
      return `at least ${limit}`;
    case 'maximum':
      return `at most ${limit}`;
    case 'multipleOf':
      return `a multiple of ${String(params.multipleOf)}`;
    case 'const':
      return String(params.allowedValue);
    case 'exclusiveMinimum':
      return `more than ${limit}`;
    case 'exclusiveMaximum':
      return `less than ${limit}`;
    case 'minItems':
      return `at least ${limit} items`;
    case 'maxItems':
      return `at most ${limit} items`;
    case 'minLength':
      return `at least ${limit} characters`;
    case 'maxLength':
      return `at most ${limit} characters`;
    case 'pattern':
      return `text of the form ${String(params.pattern)}`;
    default:
      return 'the documented form';
  }
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'an array',
  string: 'a string',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
};

/** A value's kind and size; the value itself only when it is a short scalar. */
export function describe(value: unknown): string {
  if (value === undefined) return 'none';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string')
    return value.length <= 40 ? JSON.stringify(value) : `a string of ${value.length} characters`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return 'an object';
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function at(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((node, part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      return typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined;
    }, value);
}
