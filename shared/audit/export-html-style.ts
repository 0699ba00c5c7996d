/** The report's whole style: prints on paper, follows light and dark, needs no font from anywhere. */
export const reportStyle = `
:root { color-scheme: light dark; --bg: #fff; --text: #131a22; --faint: #5c6976; --line: #cfd7e0; --good: #127a3c; --bad: #c4241d; --warn: #8f6400; --info: #1559b7 }
@media (prefers-color-scheme: dark) { :root { --bg: #0d1117; --text: #e8edf3; --faint: #a9b4c0; --line: #2b3542; --good: #4ac776; --bad: #ff6b63; --warn: #e8b33f; --info: #5ea7ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--bg); color: var(--text); font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif }
main { max-width: 1280px; margin: 0 auto; padding: 24px }
h1 { font-size: 22px; margin: 0 0 16px } h2 { font-size: 16px; margin: 32px 0 8px }
small { color: var(--faint) } code { font: 12px/1.5 ui-monospace, "SF Mono", Menlo, monospace; overflow-wrap: anywhere }
.good { color: var(--good) } .bad { color: var(--bad) } .warn { color: var(--warn) } .effect { color: var(--info); font-weight: 600 }
.outcome { border-left: 4px solid currentColor; padding: 8px 12px; font-size: 16px }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 8px 24px; margin: 0 }
dt { color: var(--faint); font-size: 12px } dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th { text-align: left; color: var(--faint); font-size: 12px; font-weight: 600 }
th, td { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top }
table.steps td:nth-child(-n+5), table.commands td:nth-child(-n+3), table.log td:nth-child(-n+2) { white-space: nowrap }
details { margin: 4px 0 } summary { cursor: pointer }
svg { fill: currentColor; vertical-align: middle }
.head { font-size: 14px }
@media print { main { max-width: none; padding: 0 } tr, details { break-inside: avoid } }
`;
