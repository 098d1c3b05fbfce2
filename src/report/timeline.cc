#include "report/timeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"

namespace certferry::report {
namespace {

constexpr double kWidth = 960;
constexpr double kLeft = 8;
constexpr double kRight = 952;
constexpr double kRow = 46;
constexpr double kTop = 26;

std::string date(Time time) { return rfc3339(time).substr(0, 10); }

// At most 60 octets, cut between characters.
std::string shortened(const std::string& label) {
  std::size_t size = std::min<std::size_t>(label.size(), 60);
  while (size > 0 && size < label.size() && (static_cast<unsigned char>(label[size]) & 0xc0) == 0x80) --size;
  return size == label.size() ? label : label.substr(0, size) + "…";
}

// Roots live for decades; the leaf's months would be a dot beside them. The axis shows the leaf's life and as much again
// on both sides, and bars that go on are cut at the edge.
struct Axis {
  Time first;
  Time last;

  [[nodiscard]] double x(Time time) const {
    const double share = static_cast<double>((time - first).count()) / static_cast<double>((last - first).count());
    return kLeft + std::clamp(share, 0.0, 1.0) * (kRight - kLeft);
  }
};

Axis axis_of(const CertificateFacts& leaf, Time now) {
  const auto life = std::max<std::chrono::seconds>(leaf.not_after - leaf.not_before, std::chrono::hours(24));
  const Time first = std::min(leaf.not_before, now) - life / 4;
  const Time last = std::max(leaf.not_after, now) + life / 4;
  return {first, last};
}

}  // namespace

std::string timeline_svg(const std::vector<CertificateFacts>& certificates, Time now) {
  if (certificates.empty() || certificates.front().not_after < certificates.front().not_before) return "";
  const Axis axis = axis_of(certificates.front(), now);
  const double height = kTop + kRow * static_cast<double>(certificates.size()) + 6;
  std::string description;
  std::string bars;
  double y = kTop;
  for (const CertificateFacts& certificate : certificates) {
    const double left = axis.x(certificate.not_before);
    const double right = axis.x(certificate.not_after);
    const std::string span = date(certificate.not_before) + " to " + date(certificate.not_after);
    description += escape_html(certificate.label) + ": " + span + ". ";
    bars += fmt::format(
        R"(<text class="tl" x="{:.0f}" y="{:.0f}">{}</text><text class="ts" x="{:.0f}" y="{:.0f}" text-anchor="end">{}</text>)",
        kLeft, y + 14, escape_html(shortened(certificate.label)), kRight, y + 14, span);
    bars += fmt::format(R"(<rect class="{}" x="{:.1f}" y="{:.0f}" width="{:.1f}" height="14" rx="3"/>)",
                        certificate.role == Role::kLeaf ? "leafbar" : "bar", left, y + 21, std::max(right - left, 2.0));
    y += kRow;
  }
  const double today = axis.x(now);
  return fmt::format(
      R"(<svg class="wide" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-labelledby="tlt tld"><title id="tlt">Validity of the chain</title><desc id="tld">{}Now: {}.</desc>{}<line class="now" x1="{:.1f}" x2="{:.1f}" y1="16" y2="{:.0f}"/><text class="nowt" x="{:.1f}" y="12" text-anchor="{}">now, {}</text></svg>)",
      kWidth, height, description, date(now), bars, today, today, height - 4, today,
      today < kWidth / 2 ? "start" : "end", date(now));
}

}  // namespace certferry::report
