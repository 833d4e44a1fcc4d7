/** The controls of a form, each with its label, unit, help and message where they are read out. */
import type { Signal } from '@preact/signals';
import type { ButtonHTMLAttributes, ComponentChildren, TargetedInputEvent } from 'preact';
import { useId } from 'preact/hooks';
import type { NumberInput } from './inputs.js';

export interface FieldText {
  readonly label: string;
  readonly unit?: string | undefined;
  readonly help?: string | undefined;
  /** What is wrong with the value; shown by the field and read out. */
  readonly error?: string | undefined;
  readonly isWide?: boolean;
  readonly isDisabled?: boolean;
}

interface ControlProps {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': 'true' | undefined;
  readonly disabled: boolean;
}

interface FieldProps extends FieldText {
  readonly control: (props: ControlProps) => ComponentChildren;
}

/** Label above, control, and below it the help, or the message in its place. */
export function Field({ label, unit, help, error, isWide, isDisabled, control }: FieldProps) {
  const id = useId();
  const below = error ?? help;
  return (
    <div class={isWide ? 'field field-wide' : 'field'}>
      <label class="field-label" for={id}>
        {label}
        {unit !== undefined && <span class="unit">{unit}</span>}
      </label>
      {control({
        id,
        'aria-describedby': below === undefined ? undefined : `${id}-below`,
        'aria-invalid': error === undefined ? undefined : 'true',
        disabled: isDisabled ?? false,
      })}
      <Below id={`${id}-below`} help={help} error={error} />
    </div>
  );
}

/** Below a control: the message, or else the help. */
export function Below({ id, help, error }: Pick<FieldText, 'help' | 'error'> & { readonly id: string }) {
  if (error === undefined && help === undefined) return null;
  return (
    <p
      id={id}
      class={error === undefined ? 'field-help' : 'field-error'}
      role={error === undefined ? undefined : 'alert'}
    >
      {error ?? help}
    </p>
  );
}

export type NumberFieldProps = FieldText & { readonly input: NumberInput };

export function NumberField({ input, ...text }: NumberFieldProps) {
  return (
    <Field
      {...text}
      error={input.error.value ?? text.error}
      control={(props) => <NumberBox {...props} input={input} />}
    />
  );
}

function NumberBox({
  input,
  ...props
}: ControlProps & { readonly input: NumberInput; 'aria-label'?: string }) {
  return (
    <input
      {...props}
      class="control"
      inputMode={input.isInteger && (input.min ?? -1) >= 0 ? 'numeric' : 'text'}
      autocomplete="off"
      value={input.text.value}
      onInput={(event) => (input.text.value = event.currentTarget.value)}
    />
  );
}

export type SliderFieldProps = NumberFieldProps & { readonly step: number };

/** A slider, and a box beside it for the exact value. Its input needs both limits. */
export function SliderField({ input, step, ...text }: SliderFieldProps) {
  return (
    <Field
      {...text}
      error={input.error.value ?? text.error}
      control={({ id, ...props }) => (
        <div class="slider">
          <input
            id={id}
            type="range"
            disabled={props.disabled}
            min={input.min}
            max={input.max}
            step={step}
            value={input.value.value ?? input.min}
            aria-valuetext={`${input.text.value}${text.unit === undefined ? '' : ` ${text.unit}`}`}
            onInput={(event) => input.set(event.currentTarget.valueAsNumber)}
          />
          <NumberBox {...props} id={`${id}-box`} input={input} aria-label={`${text.label}, exact value`} />
        </div>
      )}
    />
  );
}

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
}

export interface ChoiceProps<T extends string> {
  readonly choices: readonly Choice<T>[];
  readonly value: T | undefined;
  readonly onChange: (value: T) => void;
}

export function SelectField<T extends string>({
  choices,
  value,
  onChange,
  ...text
}: FieldText & ChoiceProps<T>) {
  return (
    <Field
      {...text}
      control={(props) => (
        <select
          {...props}
          class="control"
          value={value}
          onChange={(event) => onChange(event.currentTarget.value as T)}
        >
          <Options choices={choices} />
        </select>
      )}
    />
  );
}

/** Of a select. */
export function Options({ choices }: { readonly choices: readonly Choice<string>[] }) {
  return (
    <>
      {choices.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </>
  );
}

export type TextFieldProps = FieldText & { readonly input: Signal<string> };

export function TextField({ input, ...text }: TextFieldProps) {
  return <Field {...text} control={(props) => <input {...props} {...textControl(input)} type="text" />} />;
}

/** For what nobody should read over a shoulder. */
export function SecretField({ input, ...text }: TextFieldProps) {
  return (
    <Field {...text} control={(props) => <input {...props} {...textControl(input)} type="password" />} />
  );
}

function textControl(input: Signal<string>) {
  return {
    class: 'control',
    autocomplete: 'off',
    spellcheck: false,
    value: input.value,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => (input.value = event.currentTarget.value),
  };
}

export interface CheckFieldProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly isDisabled?: boolean;
}

export function CheckField({ label, checked, onChange, isDisabled = false }: CheckFieldProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        disabled={isDisabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}

/** A few choices side by side, of which one holds. Arrow keys go through them. */
export function Segmented<T extends string>({
  label,
  choices,
  value,
  onChange,
}: ChoiceProps<T> & { readonly label: string }) {
  const name = useId();
  return (
    <fieldset class="segmented">
      <legend class="visually-hidden">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value}>
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          <span>{choice.label}</span>
        </label>
      ))}
    </fieldset>
  );
}

export type ButtonProps = ButtonHTMLAttributes & {
  readonly kind?: 'primary' | 'plain' | 'quiet';
  readonly isSmall?: boolean;
};

export function Button({ kind = 'plain', isSmall = false, children, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} class="button" data-kind={kind} data-size={isSmall ? 'small' : undefined}>
      {children}
    </button>
  );
}
