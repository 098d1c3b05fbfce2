// The report's style sheet. Its digest stands in the page's Content-Security-Policy, so that nothing else can style it.
#pragma once

#include <string_view>

namespace certferry::report {

inline constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--bg:#f4f6f8;--card:#fff;--ink:#17202a;--mute:#515d69;--line:#dde3e9;--ok:#177245;--warn:#7d5200;--bad:#b3261e;--wait:#2458b8;--on:#fff;--okbg:#e5f4ec;--warnbg:#fff3d6;--badbg:#fdeae8;--waitbg:#e8effc;--old:#b9c3cd}
@media (prefers-color-scheme:dark){:root{--bg:#10151b;--card:#19212a;--ink:#e8edf2;--mute:#a9b5c0;--line:#2d3843;--ok:#4cc38a;--warn:#f0b429;--bad:#ff8a80;--wait:#8ab4f8;--on:#10151b;--okbg:#143326;--warnbg:#3a2d0c;--badbg:#401d1a;--waitbg:#1b2b47;--old:#4a5763}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 Inter,system-ui,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif}
main,header,footer{max-width:1000px;margin:0 auto;padding:0 24px}
header{display:flex;justify-content:space-between;gap:4px 16px;flex-wrap:wrap;color:var(--mute);font-size:13px;padding-top:26px}
header b{color:var(--ink)}
h1{font-size:27px;line-height:1.22;margin:6px 0 14px;letter-spacing:-.2px;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:17px;margin:0 0 12px}
h3{font-size:14px;margin:16px 0 8px;color:var(--mute);font-weight:600}
p{margin:0 0 6px}
li,p{overflow-wrap:anywhere}
code,.m{font-family:ui-monospace,"SF Mono","DejaVu Sans Mono","Liberation Mono",monospace;font-size:.9em;overflow-wrap:anywhere}
.banner{border:1px solid var(--c);border-left-width:6px;background:var(--b);border-radius:8px;padding:14px 16px;margin:0 0 18px}
.banner p{margin:0}.banner strong{color:var(--c)}
.done,.nothing{--c:var(--ok);--b:var(--okbg)}.pending,.planned,.shown{--c:var(--wait);--b:var(--waitbg)}.failed{--c:var(--bad);--b:var(--badbg)}.partly{--c:var(--warn);--b:var(--warnbg)}
.tiles{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:12px;margin:0 0 18px}
.tiles div,.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px}
.tiles dt{color:var(--mute);font-size:13px}.tiles dd{margin:2px 0 0;font-size:18px;font-weight:650;line-height:1.25;overflow-wrap:anywhere}
dl{margin:0}.card{margin:0 0 18px;padding:18px 20px}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:5px 18px}.facts dt{color:var(--mute)}.facts dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}caption{text-align:left;color:var(--mute);font-size:13px;padding:0 0 6px}
th,td{text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
thead th{font-size:13px;color:var(--mute);font-weight:600}tbody th{font-weight:500}
.scroll{overflow-x:auto}
.wide{width:100%;min-width:640px;height:auto;display:block}.tl{font-size:13px;font-weight:600;fill:var(--ink)}.ts{font-size:12px;fill:var(--mute)}.grid{stroke:var(--line)}.leafbar{fill:var(--ok)}.bar{fill:var(--old)}.now{stroke:var(--bad);stroke-width:1.8}.nowt{font-size:12px;font-weight:600;fill:var(--bad)}
.chain{list-style:none;margin:0;padding:0;display:flex;gap:16px}.chain li{flex:1;min-width:0;border:1.5px solid var(--line);border-radius:8px;padding:10px 14px}.chain li.leaf{border-color:var(--ok)}.chain li.root{border-style:double;border-width:4px}
.chain b,.chain span{display:block;overflow-wrap:anywhere}.chain span{font-size:13px;color:var(--mute)}
.checks,.steps{list-style:none;margin:0;padding:0}.checks li{padding:8px 0;border-top:1px solid var(--line)}.checks li:first-child{border-top:0}
.tag{display:inline-block;min-width:70px;text-align:center;border:1px solid var(--c);background:var(--b);color:var(--c);border-radius:5px;font-size:12.5px;font-weight:650;padding:0 7px;margin-right:8px}
.fatal{--c:var(--bad);--b:var(--badbg)}.warning{--c:var(--warn);--b:var(--warnbg)}.info,.skip,.plan{--c:var(--mute);--b:transparent}.ok{--c:var(--ok);--b:var(--okbg)}
.fix,.src{display:block;color:var(--mute);font-size:14px}.fix b{color:var(--ink)}
.steps li{padding:4px 0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--bg);border:1px solid var(--line);border-radius:8px;padding:10px 14px;margin:6px 0}
footer{color:var(--mute);font-size:13px;padding-bottom:36px}
@media screen and (max-width:760px){.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}.chain{flex-direction:column}.facts{grid-template-columns:minmax(0,1fr);gap:0}.facts dd{margin-bottom:8px}h1{font-size:23px}main,header,footer{padding-left:14px;padding-right:14px}.card{padding:14px}.tiles dd{font-size:16px}}
@page{size:A4;margin:14mm}
@media print{.wide{min-width:0}.scroll{overflow:visible}:root{color-scheme:light;--bg:#f4f6f8;--card:#fff;--ink:#17202a;--mute:#515d69;--line:#ccd4dc;--ok:#177245;--warn:#7d5200;--bad:#b3261e;--wait:#2458b8;--on:#fff;--okbg:#e5f4ec;--warnbg:#fff3d6;--badbg:#fdeae8;--waitbg:#e8effc;--old:#b9c3cd}body{background:#fff;font-size:9.6pt}main,header,footer{padding:0;max-width:none}.card,.tiles div,tr,li{break-inside:avoid}h2{break-after:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";

}  // namespace certferry::report
