import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { answerKey, isAsking, key, keyRefused } from '../api/key.js';
import { Button, SecretField } from './forms.js';

/** Asks for the key where the service wants one. Escape leaves it as it is. */
export function KeyDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const text = useSignal('');
  const error = useComputed(() => {
    if (!keyRefused.value || key.value === undefined) return undefined;
    return 'The service does not take this key.';
  });
  useSignalEffect(() => {
    if (!isAsking.value) return dialog.current?.close();
    text.value = '';
    dialog.current?.showModal();
  });
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="key-title"
      onCancel={(event) => {
        event.preventDefault();
        answerKey(undefined);
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          answerKey(text.value.trim());
        }}
      >
        <h1 id="key-title">Key of the service</h1>
        <SecretField
          label="API key or token"
          input={text}
          error={error.value}
          help="Kept for this tab only, until it is closed. Empty: none."
        />
        <div class="dialog-actions">
          <Button onClick={() => answerKey(undefined)}>Cancel</Button>
          <Button kind="primary" type="submit">
            Use key
          </Button>
        </div>
      </form>
    </dialog>
  );
}
