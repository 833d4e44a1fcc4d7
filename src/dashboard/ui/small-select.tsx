import type { ChoiceProps } from './forms.js';

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
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
    </select>
  );
}
