import type { ComponentChildren } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import { Below } from './forms.js';

export interface FileDropProps {
  readonly label: string;
  /** Which files, and how many of them. */
  readonly help: string;
  readonly error?: string | undefined;
  /** As of an input: `.bin,.sigmf-meta`. */
  readonly accept?: string;
  readonly onFiles: (files: readonly File[]) => void;
  /** What was taken, once it was. */
  readonly children?: ComponentChildren;
}

/** A place to drop files on, which opens the choice of files on a click or a key. */
export function FileDrop({ label, help, error, accept, onFiles, children }: FileDropProps) {
  const id = useId();
  const [isOver, setOver] = useState(false);
  useEffect(keepPage, []);
  return (
    <div class="field field-wide">
      <label
        class="drop"
        data-over={isOver}
        data-invalid={error !== undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          onFiles([...(event.dataTransfer?.files ?? [])]);
        }}
      >
        <strong>{label}</strong>
        <span class="muted">Drop here, or choose …</span>
        <input
          class="visually-hidden"
          type="file"
          multiple
          accept={accept}
          aria-describedby={`${id}-below`}
          aria-invalid={error === undefined ? undefined : 'true'}
          onChange={(event) => {
            onFiles([...(event.currentTarget.files ?? [])]);
            // So that the same files, corrected, can be chosen again.
            event.currentTarget.value = '';
          }}
        />
        {children}
      </label>
      <Below id={`${id}-below`} help={help} error={error} />
    </div>
  );
}

const keep = (event: Event) => event.preventDefault();

/** A file that is dropped beside the place would be opened instead of the page. @returns ends it */
function keepPage(): () => void {
  addEventListener('dragover', keep);
  addEventListener('drop', keep);
  return () => {
    removeEventListener('dragover', keep);
    removeEventListener('drop', keep);
  };
}
