//! When pull requests may be opened and updated: windows of days and hours in a time zone. The time is an argument.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::config::error::Problem;
use crate::config::schema::WindowSchema;
use crate::config::syntax::located::Located;

/// The windows in which pull requests are opened and updated. Without a window, that is always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    windows: Vec<Window>,
}

/// The same hours on some days of the week. Hours after midnight belong to the day on which the window opens.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    days: Vec<Weekday>,
    from: Time,
    /// The end. If it is not later than `from`, it is on the next day.
    to: Time,
    zone: TimeZone,
}

/// The English names of days. The first three letters are enough.
const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl Schedule {
    /// Returns when the next window opens, in its own time zone; `None` while one is open.
    pub fn closed_until(&self, now: Timestamp) -> Option<Zoned> {
        let hours = || self.windows.iter().flat_map(|window| window.around(now));
        if self.windows.is_empty() || hours().any(|(from, to)| from.timestamp() <= now && now < to.timestamp()) {
            return None;
        }
        hours().map(|(from, _)| from).filter(|from| from.timestamp() > now).min()
    }
}

impl Window {
    /// Returns the hours of this window from yesterday to the same day of next week.
    fn around(&self, now: Timestamp) -> impl Iterator<Item = (Zoned, Zoned)> + '_ {
        let today = now.to_zoned(self.zone.clone()).date();
        let dates = (-1..=7).filter_map(move |days: i64| today.checked_add(days.days()).ok());
        dates.filter(|date| self.days.contains(&date.weekday())).filter_map(|date| {
            let end = if self.to <= self.from { date.tomorrow().ok()? } else { date };
            Some((self.at(date, self.from)?, self.at(end, self.to)?))
        })
    }

    /// Returns the instant of a local time. A time that the clocks skip is an hour later.
    fn at(&self, date: Date, time: Time) -> Option<Zoned> {
        date.to_datetime(time).to_zoned(self.zone.clone()).ok()
    }
}

/// The section that documents schedules.
const SCHEDULES: &str = crate::docs::page!("pull-requests.md#schedule-and-limits");

/// Returns the schedule, and reports invalid windows.
pub(in crate::config) fn schedule(written: Vec<Located<WindowSchema>>, problems: &mut Vec<Problem>) -> Schedule {
    Schedule { windows: written.into_iter().filter_map(|one| window(one.value, problems)).collect() }
}

fn window(written: WindowSchema, problems: &mut Vec<Problem>) -> Option<Window> {
    let mut days = Vec::new();
    for text in &written.days {
        match range_of_days(&text.value) {
            Some(range) => days.extend(range),
            None => {
                let problem = Problem::new(text.place, format!("invalid day of the week `{}`", text.value));
                problems.push(
                    problem
                        .hint("write one of `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`, or a range such as `mon-fri`")
                        .documented_at(SCHEDULES),
                );
            }
        }
    }
    if written.days.is_empty() {
        days.extend(DAYS.map(|(_, day)| day));
    }
    let hours = written.hours.as_ref().map_or(Some((Time::midnight(), Time::midnight())), |text| {
        let read = range_of_hours(&text.value);
        if read.is_none() {
            let problem = Problem::new(text.place, format!("invalid hours `{}`", text.value));
            problems.push(
                problem
                    .hint("write hours such as `09:00-17:30`; `22:00-06:00` ends on the next day")
                    .documented_at(SCHEDULES),
            );
        }
        read
    });
    let zone = written.time_zone.as_ref().map_or(Some(TimeZone::UTC), |text| {
        let read = TimeZoneDatabase::bundled().get(&text.value).ok();
        if read.is_none() {
            let problem = Problem::new(text.place, format!("unknown time zone `{}`", text.value));
            problems.push(
                problem.hint("use a name of the IANA database, such as `Europe/Berlin`").documented_at(SCHEDULES),
            );
        }
        read
    });
    let (from, to) = hours?;
    Some(Window { days, from, to, zone: zone? })
}

/// Parses days: `mon`, `Monday`, `mon-fri`, `fri-mon`.
fn range_of_days(text: &str) -> Option<Vec<Weekday>> {
    let at = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        DAYS.iter().position(|(day, _)| *day == name || day[..3] == name)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (at(first)?, at(last)?);
    let count = (last + DAYS.len() - first) % DAYS.len() + 1;
    Some(DAYS.iter().cycle().skip(first).take(count).map(|(_, day)| *day).collect())
}

/// Parses hours: `9-17`, `09:00-17:30`, `22:00-06:00`, `18:00-24:00`.
fn range_of_hours(text: &str) -> Option<(Time, Time)> {
    let time = |text: &str, last: i8| {
        let (hours, minutes) = text.trim().split_once(':').unwrap_or((text.trim(), "00"));
        let is_number = |text: &str| text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(hours) || !is_number(minutes) || minutes.len() != 2 {
            return None;
        }
        let (hours, minutes) = (hours.parse::<i8>().ok()?, minutes.parse::<i8>().ok()?);
        // The end of a day is the beginning of the next.
        let hours = if (hours, minutes) == (last, 0) { 0 } else { hours };
        Time::new(hours, minutes, 0, 0).ok()
    };
    let (from, to) = text.split_once('-')?;
    Some((time(from, 0)?, time(to, 24)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::syntax::place::ConfigPlace;

    fn read(days: &str, hours: &str, zone: &str) -> Result<Schedule, Vec<Problem>> {
        let located = |text: &str| Located { value: text.to_owned(), place: ConfigPlace::start_of(0) };
        let given = |text: &str| (!text.is_empty()).then(|| located(text));
        let days = days.split_whitespace().map(located).collect();
        let written = WindowSchema { days, hours: given(hours), time_zone: given(zone) };
        let mut problems = Vec::new();
        let window = Located { value: written, place: ConfigPlace::start_of(0) };
        let read = schedule(vec![window], &mut problems);
        if problems.is_empty() { Ok(read) } else { Err(problems) }
    }

    #[test]
    fn closed_until_the_next_window_opens() {
        #[rustfmt::skip]
        let rows = [
            // days        hours           zone               now                      closed until
            ("",           "",             "",                "2026-11-21T12:00:00Z",  ""),
            ("mon-fri",    "",             "",                "2026-11-21T12:00:00Z",  "Mon 2026-11-23 00:00 UTC"), // a Saturday
            ("mon-fri",    "9-17",         "Europe/Berlin",   "2026-11-20T15:59:59Z",  ""),
            ("mon-fri",    "9-17",         "Europe/Berlin",   "2026-11-20T16:00:00Z",  "Mon 2026-11-23 09:00 Europe/Berlin"),
            ("fri-mon",    "09:30-24:00",  "",                "2026-11-24T00:00:00Z",  "Fri 2026-11-27 09:30 UTC"),
            ("fri-mon",    "09:30-24:00",  "",                "2026-11-23T23:59:00Z",  ""),
            ("friday",     "22:00-06:00",  "America/New_York","2026-11-21T10:00:00Z",  ""),
            ("friday",     "22:00-06:00",  "America/New_York","2026-11-21T11:00:00Z",  "Fri 2026-11-27 22:00 America/New_York"),
            ("Sat",        "0-0",          "",                "2026-11-21T00:00:00Z",  ""),
            ("sat",        "10-12",        "",                "2026-11-21T12:00:00Z",  "Sat 2026-11-28 10:00 UTC"),
            // 02:30 does not exist on that day: the clocks jump from 2 to 3.
            ("sun",        "02:30-05:00",  "Europe/Berlin",   "2026-03-29T00:59:00Z",  "Sun 2026-03-29 03:30 Europe/Berlin"),
            ("sun",        "02:30-05:00",  "Europe/Berlin",   "2026-03-29T01:30:00Z",  ""),
        ];
        for (days, hours, zone, now, expected) in rows {
            let schedule = read(days, hours, zone).unwrap();
            let until = schedule.closed_until(now.parse().unwrap());
            let until = until.map(|at| at.strftime("%a %Y-%m-%d %H:%M %Q").to_string());
            assert_eq!(until.unwrap_or_default(), expected, "{days} {hours} {zone} at {now}");
        }
        assert_eq!(Schedule::default().closed_until(Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn opens_with_the_first_of_several_windows() {
        let windows = [read("mon", "9-12", "").unwrap(), read("sat", "9-12", "Asia/Tokyo").unwrap()];
        let schedule = Schedule { windows: windows.into_iter().flat_map(|one| one.windows).collect() };
        let until = |now: &str| schedule.closed_until(now.parse().unwrap()).map(|at| at.timestamp().to_string());
        assert_eq!(until("2026-11-20T12:00:00Z").as_deref(), Some("2026-11-21T00:00:00Z"));
        assert_eq!(until("2026-11-21T01:00:00Z"), None);
        assert_eq!(until("2026-11-21T03:00:00Z").as_deref(), Some("2026-11-23T09:00:00Z"));
    }

    #[test]
    fn rejects_invalid_windows() {
        for hours in ["9", "9-", "25-26", "9:5-10", "24-1", "9.00-10.00", "-1-5", "009-10"] {
            assert!(read("mon", hours, "").is_err(), "{hours}");
        }
        for (days, zone) in
            [("moon", ""), ("mon-", ""), ("mon-fri-sun", ""), ("mon", "Europe/Berlino"), ("mon", "CET+1")]
        {
            assert!(read(days, "9-10", zone).is_err(), "{days} {zone}");
        }
    }
}
