// The reports' style sheet. Light and dark by the reader's system; wide tables and charts scroll by
// themselves on a phone.

export const STYLE = `
:root{color-scheme:light dark;--ink:#1b2733;--dim:#5f7285;--paper:#f4f7f9;--card:#fff;--line:#dfe6ec;--good:#0f7d5a;--bad:#c8372d;--warn:#9a6b00;--goodbg:#e3f5ee;--badbg:#fdeae8;--warnbg:#fff4d9;--fault:#d9534f;--calm:#2f7de1}
@media(prefers-color-scheme:dark){:root{--ink:#dfe7ee;--dim:#93a5b6;--paper:#10161c;--card:#182029;--line:#2a3641;--good:#43d3a0;--bad:#ff8278;--warn:#e8b93c;--goodbg:#12352b;--badbg:#3d1f1d;--warnbg:#3a2f12}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1160px;margin:0 auto;padding:20px 16px 48px}
h1{margin:0;font-size:30px;letter-spacing:-.02em;line-height:1.2}h2{font-size:18px;margin:0 0 10px;line-height:1.3}
header,section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin:0 0 14px}
header{border-top:6px solid var(--good)}header.expectation-failed,header.consistency-violated{border-top-color:var(--bad)}header.inconclusive{border-top-color:var(--warn)}
.top{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;justify-content:space-between}
.verdict{margin:0;padding:6px 16px;border-radius:999px;font-size:20px;font-weight:700;color:var(--good);background:var(--goodbg);white-space:nowrap}
.verdict small{font-size:13px;font-weight:500;color:inherit;opacity:.8;margin-left:6px}
.expectation-failed .verdict,.consistency-violated .verdict{color:var(--bad);background:var(--badbg)}.inconclusive .verdict{color:var(--warn);background:var(--warnbg)}
header p{margin:10px 0 0;max-width:100ch}.dim,small,figcaption,footer,dt{color:var(--dim)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(230px,1fr));gap:8px;margin:16px 0 0}
dl div{border:1px solid var(--line);border-radius:10px;padding:8px 12px}dt{font-size:12.5px}dd{margin:0;font-size:21px;font-weight:650;font-variant-numeric:tabular-nums;white-space:nowrap}
dl .good dd,.good{color:var(--good)}dl .bad dd,.bad{color:var(--bad)}.good,.bad,.warn{white-space:nowrap}.bad{font-weight:650}.warn{color:var(--warn);font-weight:650}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;width:100%;font-size:13.5px}th,td{text-align:left;padding:6px 14px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}th{color:var(--dim);font-weight:500;white-space:nowrap;vertical-align:bottom}td b{white-space:nowrap}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.n:last-child{padding-right:0}
figure{margin:0 0 16px}figure:last-child{margin:0}figcaption{display:flex;flex-wrap:wrap;gap:2px 16px;margin:0 0 6px;font-size:14px}figcaption b{color:var(--ink);font-weight:600}
svg{width:100%;min-width:720px;height:auto;display:block}.grid{stroke:var(--line)}.tick,.band{fill:var(--dim);font-size:11px}.band.fault{fill:var(--bad);font-weight:600}
rect.fault{fill:var(--fault);fill-opacity:.11}rect.calm{fill:var(--calm);fill-opacity:0}
.key{white-space:nowrap}.key i{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:6px}
details summary{cursor:pointer;list-style-position:outside}details summary h2{display:inline;margin:0}details[open] summary{margin-bottom:10px}
.matrix td,.matrix th{padding:5px 8px;text-align:center;white-space:nowrap}.matrix td:first-child,.matrix th:first-child{text-align:left;padding-left:0}
.timeline{list-style:none;margin:0;padding:0;font-size:14px}.timeline li{padding:3px 0 3px 12px;border-left:4px solid var(--line)}.timeline time{color:var(--dim);display:inline-block;width:62px;font-variant-numeric:tabular-nums}
.timeline .fault{border-color:var(--bad);font-weight:600}.timeline .heal,.timeline .recovered{border-color:var(--good)}.timeline .detected{border-color:var(--warn)}.timeline .repair{border-color:var(--calm)}
code{background:var(--paper);padding:1px 6px;border-radius:5px;overflow-wrap:anywhere}footer{font-size:13px;text-align:center}
.level td{white-space:nowrap}.cell{display:inline-block;min-width:44px;padding:1px 8px;border-radius:6px;text-align:center;font-size:12.5px;font-weight:600}.cell.yes{color:var(--good);background:var(--goodbg)}.cell.no{color:var(--bad);background:var(--badbg)}
@media(max-width:600px){main{padding:10px 8px 32px}header,section{padding:14px 12px;border-radius:10px}h1{font-size:24px}dl{grid-template-columns:1fr 1fr}dd{font-size:18px}table{min-width:560px}.matrix{min-width:0}}
@media print{body{background:#fff}section,header{break-inside:avoid}details:not([open])>*{display:block}}
`.replaceAll('\n', '');
