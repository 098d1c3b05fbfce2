#include "report/fleet_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/escape.h"

namespace certferry::report {
namespace {

constexpr int kWidth = 960, kMargin = 28, kCard = kWidth - 2 * kMargin, kInner = kMargin + 20;
constexpr int kSquare = 16, kStep = 21, kRow = 22;
constexpr int kNamed = 12;  // a pool of more has squares alone
constexpr int kColumns = 3, kColumn = (kCard - 40) / kColumns;
constexpr int kInRow = (kCard - 40) / kStep;

constexpr std::string_view kLook =
    ":root{color-scheme:light dark}svg{--bg:#f4f6f8;--card:#fff;--ink:#17202a;--mute:#515d69;--line:#dde3e9;--ok:#177245;"
    "--bad:#b3261e;--wait:#2458b8;--silent:#9a6700;background:var(--bg);font:13px Inter,system-ui,\"Segoe UI\",Roboto,"
    "\"Noto Sans\",\"Liberation Sans\",Arial,sans-serif}"
    "@media(prefers-color-scheme:dark){svg{--bg:#10151b;--card:#19212a;--ink:#e8edf2;--mute:#a9b5c0;--line:#2d3843;"
    "--ok:#4cc38a;--bad:#ff8a80;--wait:#8ab4f8;--silent:#f0b429}}"
    "text{fill:var(--ink)}.t{font-size:24px;font-weight:650}.s{font-size:17px;font-weight:600}.p{font-size:14px;font-weight:600}"
    ".m{fill:var(--mute)}.c{fill:var(--card);stroke:var(--line)}.good{fill:var(--ok)}.bad{fill:var(--bad)}"
    ".waiting{fill:none;stroke:var(--wait);stroke-width:3}.silent{fill:none;stroke:var(--silent);stroke-width:3;stroke-dasharray:4 3}"
    ".x{stroke:var(--card);stroke-width:2.4;fill:none}";

std::string_view class_of(PictureComputer::Mood mood) {
  constexpr std::array<std::string_view, 4> kClasses = {"good", "waiting", "silent", "bad"};
  return kClasses.at(static_cast<std::size_t>(mood));
}

std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return escape_html(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;  // not within a character
  return escape_html(text.substr(0, most)) + "…";
}

class Drawing {
 public:
  explicit Drawing(const FleetPicture& picture) {
    line("t", kMargin, picture.title, 70);
    y_ += 6;
    line("m", kMargin, picture.subtitle, 130);
    legend();
    for (const PictureSite& site : picture.sites) draw(site);
    y_ += 8;
  }

  [[nodiscard]] std::string svg() const {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\">"
        "<title>The fleet</title><style>{2}</style><rect width=\"100%\" height=\"100%\" fill=\"var(--bg)\"/>{3}</svg>\n",
        kWidth, y_, kLook, body_);
  }

 private:
  void text(std::string_view kind, int x, int y, std::string_view words, std::size_t most) {
    body_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>", kind, x, y, cut(words, most));
  }
  void line(std::string_view kind, int x, std::string_view words, std::size_t most) {
    text(kind, x, y_, words, most);
    y_ += kRow;
  }

  // The shape tells as much as the colour does.
  void square(int x, int y, PictureComputer::Mood mood, std::string_view title) {
    const bool filled = mood == PictureComputer::Mood::kGood || mood == PictureComputer::Mood::kBad;
    const double inset = filled ? 0 : 1.5;
    body_ += fmt::format("<g>{}<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\"/>",
                         title.empty() ? "" : "<title>" + escape_html(title) + "</title>", class_of(mood), x + inset,
                         y + inset, kSquare - 2 * inset, kSquare - 2 * inset);
    if (mood == PictureComputer::Mood::kBad)
      body_ += fmt::format("<path class=\"x\" d=\"M{} {}l8 8m0 -8l-8 8\"/>", x + 4, y + 4);
    body_ += "</g>";
  }

  void legend() {
    using Mood = PictureComputer::Mood;
    constexpr std::array<std::pair<Mood, std::string_view>, 4> kLegend = {
        {{Mood::kGood, "serves what it shall"},
         {Mood::kWaiting, "not there yet"},
         {Mood::kSilent, "not heard of"},
         {Mood::kBad, "failed, lost or quarantined"}}};
    int x = kMargin;
    for (const auto& [mood, words] : kLegend) {
      square(x, y_ - 13, mood, "");
      text("m", x + kSquare + 8, y_, words, 40);
      x += 200;
    }
    y_ += kRow + 4;
  }

  void draw(const PictureSite& site) {
    const int top = y_ - 6;
    const std::size_t card = body_.size();
    y_ += 24;
    line("s", kInner, site.name, 80);
    for (const PicturePool& pool : site.pools) draw(pool);
    body_.insert(card, fmt::format("<rect class=\"c\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"8\"/>", kMargin,
                                   top, kCard, y_ - top));
    y_ += 24;
  }

  void draw(const PicturePool& pool) {
    y_ += 8;
    text("p", kInner, y_, pool.name, 60);
    const auto count = pool.computers.size();
    body_ += fmt::format("<text class=\"m\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", kMargin + kCard - 20, y_,
                         count == 1 ? "1 computer" : fmt::format("{} computers", count));
    y_ += kRow;
    if (!pool.uses.empty()) line("m", kInner, pool.uses, 125);
    const bool named = count <= kNamed;
    const int in_row = named ? kColumns : kInRow, step = named ? kColumn : kStep;
    for (std::size_t i = 0; i < count; ++i) {
      const PictureComputer& one = pool.computers[i];
      const int column = static_cast<int>(i) % in_row;
      if (i > 0 && column == 0) y_ += kRow;
      const int x = kInner + column * step;
      square(x, y_ - 13, one.mood, one.name + (one.detail.empty() ? "" : ": " + one.detail));
      if (named) text("", x + kSquare + 8, y_, one.name, 34);
    }
    y_ += kRow + 4;
  }

  std::string body_;
  int y_ = 48;
};

}  // namespace

std::string to_svg(const FleetPicture& picture) { return Drawing(picture).svg(); }

std::string to_page(const FleetPicture& picture) {
  std::string drawing = to_svg(picture);
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,"
         "initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>" +
         escape_html(picture.title) +
         "</title><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
         "<style>body{margin:0;background:#f4f6f8}@media(prefers-color-scheme:dark){body{background:#10151b}}"
         "svg{display:block;margin:0 auto;max-width:100%;height:auto}</style></head><body><main>" +
         drawing + "</main></body></html>\n";
}

}  // namespace certferry::report
