//! The grammar of the attributes.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitInt, LitStr, Result, Token, braced, bracketed};

mod kw {
    syn::custom_keyword!(avail);
    syn::custom_keyword!(hooks);
    syn::custom_keyword!(effect);
    syn::custom_keyword!(except);
    syn::custom_keyword!(flags);
    syn::custom_keyword!(gpl);
    syn::custom_keyword!(proto);
    syn::custom_keyword!(renamed);
    syn::custom_keyword!(since);
    syn::custom_keyword!(sleeps);
    syn::custom_keyword!(unsupported);
    syn::custom_keyword!(until);
}

/// A release, `"6.12"`.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) text: LitStr,
    pub(crate) number: (u8, u8),
}

impl Parse for Version {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let text: LitStr = input.parse()?;
        let number = text.value().split_once('.').and_then(|(major, minor)| {
            let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit()).then(|| s.parse().ok());
            Some((digits(major)??, digits(minor)??))
        });
        match number {
            Some(number) => Ok(Self { text, number }),
            None => {
                Err(Error::new(text.span(), "a kernel version is major.minor, such as \"6.12\""))
            }
        }
    }
}

/// `Kprobe`, `BASE: "5.8"`, `Kprobe: "5.11".."5.16"`.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) who: Ident,
    pub(crate) since: Option<Version>,
    pub(crate) until: Option<Version>,
}

impl Grant {
    /// Sets are constants, so their names are in capitals; program types are variants.
    pub(crate) fn is_set(&self) -> bool {
        !self.who.to_string().contains(|c: char| c.is_ascii_lowercase())
    }
}

impl Parse for Grant {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut grant = Self { who: input.parse()?, since: None, until: None };
        if input.parse::<Option<Token![:]>>()?.is_some() {
            let since: Version = input.parse()?;
            if input.parse::<Option<Token![..]>>()?.is_some() {
                let until: Version = input.parse()?;
                if until.number <= since.number {
                    return Err(Error::new(until.text.span(), "ends before it begins"));
                }
                grant.until = Some(until);
            }
            grant.since = Some(since);
        }
        Ok(grant)
    }
}

/// `"6.3": ACQUIRE | RET_NULL`
#[derive(Clone)]
pub(crate) struct FlagStep {
    pub(crate) since: Version,
    pub(crate) flags: Vec<Ident>,
}

impl Parse for FlagStep {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let since = input.parse()?;
        input.parse::<Token![:]>()?;
        let flags = Punctuated::<Ident, Token![|]>::parse_separated_nonempty(input)?;
        let none = |flag: &Ident| flag == "NONE";
        Ok(Self { since, flags: flags.into_iter().filter(|flag| !none(flag)).collect() })
    }
}

/// `"7.0": what_it_was_before`
#[derive(Clone)]
pub(crate) struct Before<T> {
    pub(crate) until: Version,
    pub(crate) was: T,
}

impl<T: Parse> Parse for Before<T> {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let until = input.parse()?;
        input.parse::<Token![:]>()?;
        Ok(Self { until, was: input.parse()? })
    }
}

/// Everything that an attribute says.
#[derive(Clone, Default)]
pub(crate) struct Clauses {
    pub(crate) id: Option<LitInt>,
    pub(crate) since: Option<Version>,
    pub(crate) until: Option<Version>,
    pub(crate) avail: Option<Vec<Grant>>,
    pub(crate) hooks: Vec<Grant>,
    pub(crate) unsupported: Vec<Ident>,
    pub(crate) flags: Vec<FlagStep>,
    pub(crate) gpl: bool,
    pub(crate) gpl_except: Vec<Ident>,
    pub(crate) sleeps: bool,
    pub(crate) effect: Option<Ident>,
    pub(crate) proto: Vec<Before<Ident>>,
    pub(crate) renamed: Vec<Before<LitStr>>,
}

impl Clauses {
    /// Fills what is unsaid with the defaults of the block.
    pub(crate) fn or(mut self, defaults: &Self) -> Self {
        self.since = self.since.or_else(|| defaults.since.clone());
        self.until = self.until.or_else(|| defaults.until.clone());
        if self.avail.is_none() && self.hooks.is_empty() {
            (self.avail, self.hooks) = (defaults.avail.clone(), defaults.hooks.clone());
        }
        if self.unsupported.is_empty() {
            self.unsupported = defaults.unsupported.clone();
        }
        if self.flags.is_empty() {
            self.flags = defaults.flags.clone();
        }
        self.gpl |= defaults.gpl;
        if self.gpl_except.is_empty() {
            self.gpl_except = defaults.gpl_except.clone();
        }
        self.sleeps |= defaults.sleeps;
        self.effect = self.effect.or_else(|| defaults.effect.clone());
        self
    }
}

fn assigned<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn in_braces<T: Parse>(input: ParseStream<'_>) -> Result<Vec<T>> {
    let inner;
    braced!(inner in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&inner)?.into_iter().collect())
}

fn in_brackets(input: ParseStream<'_>) -> Result<Vec<Ident>> {
    let inner;
    bracketed!(inner in input);
    Ok(Punctuated::<Ident, Token![,]>::parse_terminated(&inner)?.into_iter().collect())
}

impl Parse for Clauses {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut out = Self::default();
        while !input.is_empty() {
            let look = input.lookahead1();
            if look.peek(LitInt) {
                out.id = Some(input.parse()?);
            } else if look.peek(kw::since) {
                input.parse::<kw::since>()?;
                out.since = Some(assigned(input)?);
            } else if look.peek(kw::until) {
                input.parse::<kw::until>()?;
                out.until = Some(assigned(input)?);
            } else if look.peek(kw::avail) {
                input.parse::<kw::avail>()?;
                out.avail = Some(in_braces(input)?);
            } else if look.peek(kw::hooks) {
                input.parse::<kw::hooks>()?;
                out.hooks = in_braces(input)?;
            } else if look.peek(kw::unsupported) {
                input.parse::<kw::unsupported>()?;
                out.unsupported = in_brackets(input)?;
            } else if look.peek(kw::flags) {
                input.parse::<kw::flags>()?;
                out.flags = in_braces(input)?;
            } else if look.peek(kw::gpl) {
                input.parse::<kw::gpl>()?;
                out.gpl = true;
                if input.parse::<Option<kw::except>>()?.is_some() {
                    out.gpl_except = in_brackets(input)?;
                }
            } else if look.peek(kw::sleeps) {
                input.parse::<kw::sleeps>()?;
                out.sleeps = true;
            } else if look.peek(kw::effect) {
                input.parse::<kw::effect>()?;
                out.effect = Some(assigned(input)?);
            } else if look.peek(kw::proto) {
                input.parse::<kw::proto>()?;
                out.proto = in_braces(input)?;
            } else if look.peek(kw::renamed) {
                input.parse::<kw::renamed>()?;
                out.renamed = in_braces(input)?;
            } else {
                return Err(look.error());
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(out)
    }
}
