import { type ChoiceProps, Options } from './forms.js';

/** A choice in the head of a panel, whose label only a reader of the screen needs. */
export function SmallSelect<T extends string>({
  label,
  choices,
  value,
  onChange,
}: ChoiceProps<T> & { readonly label: string }) {
  return (
    <select
      class="control control-small"
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value as T)}
    >
      <Options choices={choices} />
    </select>
  );
}
