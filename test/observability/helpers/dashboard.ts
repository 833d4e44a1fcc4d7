import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface DataSource {
  readonly type: string;
  readonly uid: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: DataSource;
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly datasource: DataSource;
    readonly legendFormat?: string;
  }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[];
  };
}

const FILE = new URL('../../../docker/grafana/dashboards/spikingrx.json', import.meta.url);
export const dashboard = JSON.parse(readFileSync(fileURLToPath(FILE), 'utf8')) as Dashboard;

export interface Query {
  readonly title: string;
  readonly expr: string;
}

/** Every query of the dashboard, with all instances chosen and a window for rates. */
export const queries: readonly Query[] = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({
    title,
    expr: expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m'),
  })),
);
