//! How programs are attached.

use clap::{Args, ValueEnum};
use skep::Error;
use skep::session::Method;

/// How programs are attached to the event.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct AttachArgs {
    /// How programs are attached to the event
    #[arg(long = "attach", value_enum, default_value_t = Attach::Link, value_name = "METHOD")]
    pub(crate) method: Attach,

    /// What bpf_get_attach_cookie() returns; only with --attach link
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = number)]
    pub(crate) cookie: u64,
}

impl AttachArgs {
    /// The method, with its cookie.
    ///
    /// # Errors
    /// When the method carries no cookie.
    pub(crate) fn method(&self) -> Result<Method, Error> {
        match self.method {
            Attach::Link => Ok(Method::Link { cookie: self.cookie }),
            Attach::Ioctl | Attach::Pmu if self.cookie != 0 => {
                Err(Error::input("a cookie needs a link: PERF_EVENT_IOC_SET_BPF carries none")
                    .hint("use `--attach link`, or leave `--cookie` out"))
            }
            Attach::Ioctl => Ok(Method::Ioctl),
            Attach::Pmu => Ok(Method::Pmu),
        }
    }
}

/// How programs are attached to a perf event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attach {
    /// BPF_LINK_CREATE, which carries a cookie
    Link,
    /// PERF_EVENT_IOC_SET_BPF
    Ioctl,
    /// PERF_EVENT_IOC_SET_BPF on an event of the PMU's own number, as tracepoints have it
    Pmu,
}

/// Parses a number as C writes it: decimal, or hex after `0x`.
fn number(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16),
        _ => text.parse(),
    };
    parsed.map_err(|_| format!("`{text}` is no number of 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn cookies_are_decimal_or_hex() {
        assert_eq!(number("7"), Ok(7));
        assert_eq!(number("0xffffffffffffffff"), Ok(u64::MAX));
        for text in ["", "-1", "0x", "0x+1", "1ff"] {
            assert!(number(text).is_err(), "{text}");
        }
    }
}
