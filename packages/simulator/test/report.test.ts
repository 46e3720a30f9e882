import { describe, expect, it } from 'vitest';
import { compareResults } from '../src/compare.ts';
import { tickText } from '../src/figures.ts';
import { Histogram } from '../src/measure/histogram.ts';
import { intervalFor } from '../src/measure/series.ts';
import { reportHtml } from '../src/report/report-html.ts';
import { linearScale, logScale, timeScale } from '../src/report/scale.ts';
import type { SimulationResult } from '../src/result.ts';
import { hostOf, simulate } from './one-host.ts';

const run = (title: string, limitBps: number): Promise<SimulationResult> => {
  const host = hostOf(['web', 'db'], { admission: { use: 'shaping-filter' } });
  const vms = host.vms?.map((vm) => ({ ...vm, bandwidth: { limitBps, burstBytes: 20_000 } })) ?? [];
  return simulate({
    title,
    duration: '500ms',
    host: { ...host, vms },
    network: { uplink0: { delay: '1ms' } },
    senders: [
      { vm: 'web', kind: 'tcp' },
      { vm: 'db', kind: 'constant', rateBps: '2Mbps' },
    ],
    events: [{ at: '200ms', do: 'vm-suspend', vm: 'db' }],
  });
};
const hostile = '<script>alert("1")</script> & \'co\'';
const slow = await run(hostile, 5e6);
const fast = await run('fast', 50e6);

describe('the report', () => {
  const page = reportHtml([slow]);

  it('opens without a network: it asks for nothing outside itself', () => {
    expect(page).not.toMatch(/(src|href)\s*=|@import|url\(|fetch\(|XMLHttpRequest|https?:/);
    expect(page.match(/<script/g)).toHaveLength(1);
  });

  it('takes a title for text, whatever is in it', () => {
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;co&#39;');
  });

  it('has a plot of throughput, latency, load and decisions, with one time axis and the events as marks', () => {
    const plots = page.match(/<svg class="plot"[^]*?<\/svg>/g) ?? [];
    expect(plots.map((plot) => /aria-label="([^,"]*)/.exec(plot)?.[1])).toEqual([
      'Throughput of each VM',
      'Latency of each VM',
      'Load of each NIC',
      'Decisions',
    ]);
    const times = plots.map((plot) => [...plot.matchAll(/text-anchor="middle">([\d.]+ s)</g)].map(([, text]) => text));
    expect(new Set(times.map((of) => of.join())).size).toBe(1);
    for (const plot of plots) expect(plot).toContain('<title>0.2 s: db suspended; VM db is suspended</title>');
  });

  it('gives every line a colour and dashes that no other line of its plot has', () => {
    const [throughput = ''] = page.match(/<svg class="plot"[^]*?<\/svg>/g) ?? [];
    const styles = [...throughput.matchAll(/<path class="line" style="([^"]*)"/g)].map(([, style]) => style);
    expect(styles).toHaveLength(2);
    expect(new Set(styles).size).toBe(2);
    expect(page).toContain('prefers-color-scheme: dark');
  });

  it('is the same for the same result', async () => {
    expect(reportHtml([await run(hostile, 5e6)])).toBe(page);
  });

  it('puts several results side by side, on one scale, with the changes', () => {
    const both = reportHtml([slow, fast]);
    expect(both.match(/<svg class="plot"/g)).toHaveLength(8);
    expect(both).toContain('<h2>Side by side</h2>');
    expect(both).toMatch(/<small>\+\d+%<\/small>/);
    const scales = (both.match(/<svg class="plot"[^]*?<\/svg>/g) ?? [])
      .slice(0, 2)
      .map((plot) => plot.match(/text-anchor="end">[^<]*/g));
    expect(scales[0]).toEqual(scales[1]);
  });
});

describe('a comparison', () => {
  it('has the figures of every VM and NIC, in the order of the results', () => {
    const figures = compareResults([slow, fast]);
    const web = figures.find(({ subject, name }) => subject === 'web' && name === 'throughput');
    expect(web?.values).toEqual([slow.vms[0]?.throughputBps, fast.vms[0]?.throughputBps]);
    expect(figures.map(({ subject }) => subject)).toContain('NIC uplink0');
  });

  it('leaves a gap where a result has no such VM', () => {
    const without = { ...fast, vms: fast.vms.filter(({ name }) => name !== 'db') };
    const db = compareResults([slow, without]).find(({ subject }) => subject === 'db');
    expect(db?.values[1]).toBeUndefined();
  });
});

describe('scales', () => {
  it('have round marks', () => {
    expect(linearScale(47.3e6, 4).ticks).toEqual([0, 20e6, 40e6, 60e6]);
    expect(timeScale(10, 10).ticks).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(timeScale(7, 4)).toMatchObject({ ticks: [0, 2, 4, 6], high: 7 });
    expect(logScale(120, 90_000).ticks).toEqual([100, 1000, 10_000, 100_000]);
    expect(linearScale(0, 4).high).toBe(1);
  });

  it('write them without idle digits', () => {
    expect(['0.0 us', '50.00 ms', '100.0 Mbit/s', '2.50 Gbit/s', '12.5%', '0.5 us'].map(tickText)).toEqual([
      '0',
      '50 ms',
      '100 Mbit/s',
      '2.50 Gbit/s',
      '12.5%',
      '0.5 us',
    ]);
  });
});

describe('what is measured over time', () => {
  it('has intervals of 1, 2 or 5 times a power of ten', () => {
    expect([0.5e6, 1e6, 10e6, 60e6, 3600e6].map(intervalFor)).toEqual([2000, 5000, 50_000, 500_000, 20e6]);
  });

  it('has quantiles within 1.6% of the truth', () => {
    const histogram = new Histogram();
    for (let us = 1; us <= 100_000; us++) histogram.add(us);
    for (const part of [0.01, 0.5, 0.9, 0.99]) {
      expect(Math.abs(histogram.quantileUs(part) / (part * 100_000) - 1)).toBeLessThan(0.016);
    }
    expect(histogram.quantileUs(1)).toBeGreaterThan(98_000);
    expect(histogram.quantileUs(1)).toBeLessThanOrEqual(100_000);
    histogram.clear();
    expect([histogram.count, histogram.quantileUs(0.5)]).toEqual([0, 0]);
  });
});
