import { axisStyle } from '#chart/chart.js';
import { sequentialScale } from '#chart/colour-maps.js';
import { heatMap } from '#chart/heat-map.js';
import { plotChart } from '#chart/plots.js';
import type { Figure } from '#report/figure.js';
import type { Page } from '#report/page/page.js';

const SIZE = { width: 320, height: 200 };

/** A line, with what would end an element, a table or a cell in its texts. */
export const LINE: Figure = {
  id: 'line',
  title: 'A line </script><b>',
  caption: 'Read it "so" & <so>.',
  size: SIZE,
  frames: [
    {
      label: '',
      option: {
        xAxis: { ...axisStyle, type: 'value' },
        yAxis: { ...axisStyle, type: 'value' },
        series: [
          {
            type: 'line',
            clip: true,
            data: [
              [0, 1],
              [1, 2],
            ],
          },
        ],
      },
    },
  ],
  data: {
    columns: ['x', 'note'],
    rows: [
      [0, 'a,"b"\nc'],
      [1, null],
      [0.5, '</script><!--'],
    ],
  },
};

/** Three frames, a picture each. */
export const ANIMATED: Figure = {
  id: 'animated',
  title: 'Steps',
  caption: 'One after the other.',
  size: SIZE,
  frames: [1, 2, 3].map((step) => {
    const values = [step, 2, 3, 4];
    const place = { left: 40, top: 20, width: 200, height: 120 };
    const map = heatMap({
      place,
      plane: { rows: 2, columns: 2, values },
      scale: sequentialScale('n', values),
      x: { name: `column of ${step}` },
      y: { name: 'row' },
    });
    return { label: `step ${step} of 3`, option: plotChart([map]) };
  }),
  data: { columns: ['step'], rows: Array.from({ length: 600 }, (_, i) => [i]) },
};

export const PAGE: Page = {
  title: 'Report of <x>',
  facts: [{ title: 'Model', entries: [['Name', 'x & y']] }],
  sections: [
    { id: 'first', title: 'First', intro: 'The first one.', figures: [LINE] },
    { id: 'none', title: 'Empty', intro: 'Nothing to show.', figures: [] },
    { id: 'second', title: 'Second', intro: 'The second one.', figures: [ANIMATED] },
  ],
  command: "spikingrx report --model 'a b'",
};
