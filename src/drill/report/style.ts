// The report's style sheet. Light and dark by the reader's system.

export const STYLE = `
:root{color-scheme:light dark;--ink:#1c2733;--dim:#66788a;--paper:#f6f8fa;--card:#fff;--line:#dde4ea;--good:#14805e;--bad:#c8382f;--fault:#d9534f;--calm:#2f7de1}
@media(prefers-color-scheme:dark){:root{--ink:#dfe7ee;--dim:#8fa1b3;--paper:#12181e;--card:#1a222a;--line:#2b3742;--good:#3ecf9a;--bad:#ff7b72}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 16px 48px}h1{margin:0 0 4px;font-size:28px}h2{font-size:18px;margin:0 0 10px}
header,section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:0 0 16px}
header{border-top:6px solid var(--good)}header.expectation-failed,header.consistency-violated{border-top-color:var(--bad)}header.inconclusive{border-top-color:#c9a227}
.verdict{float:right;margin:0;font-size:20px;font-weight:600;color:var(--good)}.expectation-failed .verdict,.consistency-violated .verdict{color:var(--bad)}
.verdict small{display:block;font-size:12px;font-weight:400;color:var(--dim);text-align:right}.dim,small,figcaption,footer{color:var(--dim)}
dl{display:flex;flex-wrap:wrap;gap:10px 28px;margin:14px 0 0}dt{font-size:12px;color:var(--dim)}dd{margin:0;font-size:18px;font-weight:600}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13.5px}th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--dim);font-weight:500;white-space:nowrap}td{font-variant-numeric:tabular-nums}.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}
figure{margin:0 0 14px}svg{width:100%;height:auto;display:block}.grid{stroke:var(--line)}.tick,.band{fill:var(--dim);font-size:11px}
rect.fault{fill:var(--fault);fill-opacity:.10}rect.calm{fill:var(--calm);fill-opacity:.03}.key{margin-left:14px;font-size:13px}.key i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
.timeline{list-style:none;margin:0;padding:0;font-size:14px}.timeline li{padding:3px 0 3px 12px;border-left:3px solid var(--line)}.timeline time{color:var(--dim);display:inline-block;width:58px;font-variant-numeric:tabular-nums}
.timeline .fault{border-color:var(--bad)}.timeline .heal,.timeline .recovered{border-color:var(--good)}.timeline .detected{border-color:#c9a227}.timeline .repair{border-color:var(--calm)}
code{background:var(--paper);padding:1px 5px;border-radius:4px}footer{font-size:13px;text-align:center}
`.replaceAll('\n', '');
