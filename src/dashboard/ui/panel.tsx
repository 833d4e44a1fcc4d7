import type { ComponentChildren } from 'preact';

export interface PanelProps {
  readonly title: string;
  /** Of what is shown, or what it is of: beside the title, quieter. */
  readonly unit?: string | undefined;
  readonly isWide?: boolean;
  readonly tools?: ComponentChildren;
  readonly caption?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A framed part of a view under a title. */
export function Panel({ title, unit, isWide = false, tools, caption, children }: PanelProps) {
  return (
    <section class={isWide ? 'panel panel-wide' : 'panel'} aria-label={title}>
      <header class="panel-head">
        <h2>
          {title}
          {unit !== undefined && <span class="unit">{unit}</span>}
        </h2>
        {tools}
      </header>
      <div class="panel-body">{children}</div>
      {caption !== undefined && <p class="panel-caption">{caption}</p>}
    </section>
  );
}
