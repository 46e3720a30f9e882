/*
 * Colours: those of Okabe and Ito (2008), which people with any kind of colour vision can tell apart; for the dark page
 * the darker ones are lightened.
 */
export const REPORT_STYLE = `
:root { color-scheme: light dark;
  --page: #ffffff; --ink: #1a1c1f; --soft: #5d6470; --rule: #d9dde3; --tint: #f4f6f8; --mark: #6b7280;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b0568a; --c4: #b97d00; --c5: #2f95d0; --c6: #4d4d4d; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14171b; --ink: #e6e8eb; --soft: #9aa3af; --rule: #30363d; --tint: #1c2127; --mark: #9aa3af;
  --c0: #4aa8e0; --c1: #ff8a3d; --c2: #2fc79b; --c3: #e39ac3; --c4: #f0b63c; --c5: #8fd0f7; --c6: #c8ccd2; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1160px; padding: 28px 24px 60px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
body.wide { max-width: 1560px; }
h1 { font-size: 25px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 34px 0 8px; }
h3 { font-size: 14px; margin: 18px 0 2px; font-weight: 600; }
p.facts { margin: 0; color: var(--soft); }
.columns { display: grid; gap: 28px; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); }
.plot { display: block; width: 100%; height: auto; overflow: visible; }
.plot .grid { stroke: var(--rule); stroke-width: 1; }
.plot .tick { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.plot .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: butt; }
.plot .line.faint { stroke-width: 1.1; opacity: 0.65; }
.plot .mark line { stroke: var(--mark); stroke-width: 1; stroke-dasharray: 3 3; }
.plot .mark circle { fill: var(--page); stroke: var(--mark); }
.plot .mark text { fill: var(--ink); font-size: 10px; }
.plot .cursor { stroke: var(--ink); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 0 2px; padding: 0; list-style: none; font-size: 13px; }
.legend svg { width: 30px; height: 10px; vertical-align: 1px; margin-right: 6px; }
.legend path { fill: none; stroke-width: 2.5; }
.legend .faint path { stroke-width: 1.2; opacity: 0.65; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
th { color: var(--soft); font-weight: 600; }
td.text { white-space: normal; }
table.fitting { width: auto; }
tr.first td { border-top: 1px solid var(--soft); }
td small { color: var(--soft); margin-left: 6px; }
code { font-size: 12.5px; overflow-wrap: anywhere; }
#values { position: fixed; pointer-events: none; visibility: hidden; background: var(--tint); color: var(--ink);
  border: 1px solid var(--rule); border-radius: 6px; padding: 6px 10px; font-size: 12.5px; max-width: 340px;
  box-shadow: 0 2px 10px rgb(0 0 0 / 0.18); font-variant-numeric: tabular-nums; }
#values table { font-size: 12.5px; } #values td { border: 0; padding: 0 6px; }
@media (max-width: 900px) { .columns { grid-template-columns: minmax(0, 1fr); } }
@media print { body { max-width: none; } h2 { break-after: avoid; } .plot { break-inside: avoid; } }
`;
