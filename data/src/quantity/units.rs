//! Units: symbols with an SI prefix and an integer power, and their products.

/// Exponents of metre, kilogram, second, ampere and kelvin.
pub type Dimension = [i8; 5];

/// One unit symbol: `1 symbol = mantissa * 10^exponent` in SI.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    /// Symbol as written in files.
    pub symbol: &'static str,
    /// Dimension of the unit.
    pub dimension: Dimension,
    /// Factor to SI that is not a power of ten.
    pub mantissa: f64,
    /// Power of ten of the factor to SI.
    pub exponent: i32,
    /// Whether SI prefixes (`n`, `k`, ...) may precede the symbol.
    pub prefixed: bool,
}

const fn unit(
    symbol: &'static str,
    dimension: Dimension,
    mantissa: f64,
    exponent: i32,
    prefixed: bool,
) -> Unit {
    Unit { symbol, dimension, mantissa, exponent, prefixed }
}

/// Every unit symbol known to the configuration.
///
/// `Oe` is the SI field strength 1000/(4 pi) A/m of one oersted.
#[rustfmt::skip]
pub const UNITS: &[Unit] = &[
    unit("m",    [1, 0, 0, 0, 0],   1.0, 0, true),
    unit("g",    [0, 1, 0, 0, 0],   1.0, -3, true),
    unit("s",    [0, 0, 1, 0, 0],   1.0, 0, true),
    unit("A",    [0, 0, 0, 1, 0],   1.0, 0, true),
    unit("K",    [0, 0, 0, 0, 1],   1.0, 0, true),
    unit("V",    [2, 1, -3, -1, 0], 1.0, 0, true),
    unit("ohm",  [2, 1, -3, -2, 0], 1.0, 0, true),
    unit("Ω",    [2, 1, -3, -2, 0], 1.0, 0, true),
    unit("S",    [-2, -1, 3, 2, 0], 1.0, 0, true),
    unit("F",    [-2, -1, 4, 2, 0], 1.0, 0, true),
    unit("C",    [0, 0, 1, 1, 0],   1.0, 0, true),
    unit("J",    [2, 1, -2, 0, 0],  1.0, 0, true),
    unit("W",    [2, 1, -3, 0, 0],  1.0, 0, true),
    unit("N",    [1, 1, -2, 0, 0],  1.0, 0, true),
    unit("T",    [0, 1, -2, -1, 0], 1.0, 0, true),
    unit("Hz",   [0, 0, -1, 0, 0],  1.0, 0, true),
    unit("eV",   [2, 1, -2, 0, 0],  1.602_176_634, -19, true),
    unit("erg",  [2, 1, -2, 0, 0],  1.0, -7, false),
    unit("emu",  [2, 0, 0, 1, 0],   1.0, -3, false),
    unit("Oe",   [-1, 0, 0, 1, 0],  79.577_471_545_947_67, 0, true),
    unit("rad",  [0, 0, 0, 0, 0],   1.0, 0, true),
    unit("deg",  [0, 0, 0, 0, 0],   std::f64::consts::PI / 180.0, 0, false),
    unit("%",    [0, 0, 0, 0, 0],   1.0, -2, false),
    unit("min",  [0, 0, 1, 0, 0],   60.0, 0, false),
    unit("h",    [0, 0, 1, 0, 0],   3600.0, 0, false),
    unit("day",  [0, 0, 1, 0, 0],   86_400.0, 0, false),
    unit("year", [0, 0, 1, 0, 0],   31_557_600.0, 0, false),
];

pub(super) const PREFIXES: &[(&str, i32)] = &[
    ("f", -15),
    ("p", -12),
    ("n", -9),
    ("u", -6),
    ("µ", -6),
    ("μ", -6),
    ("m", -3),
    ("c", -2),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("a", -18),
];

/// Power of the first symbol of a unit such as `um^2 ohm`.
pub(super) fn leading_power(unit: &str) -> i32 {
    let first = unit.split([' ', '/']).next().unwrap_or("");
    first.split_once('^').map_or(1, |(_, power)| power.parse().unwrap_or(1))
}

/// What a unit expression amounts to.
pub(super) struct ParsedUnit {
    pub dimension: Dimension,
    pub mantissa: f64,
    pub exponent: i32,
}

/// Reads a unit expression; `Err` names the symbol that is unknown.
pub(super) fn parse_unit(text: &str) -> Result<ParsedUnit, String> {
    let mut parsed = ParsedUnit { dimension: [0; 5], mantissa: 1.0, exponent: 0 };
    // Grammar: factors separated by blanks, `*` or `·`; after `/` one factor or one bracketed group is divided.
    let mut sign = 1;
    let mut in_group = false;
    let mut token = String::new();
    for c in text.chars().chain([' ']) {
        match c {
            ' ' | '*' | '·' | '/' | '(' | ')' => {
                if !token.is_empty() {
                    multiply(&mut parsed, &std::mem::take(&mut token), sign)?;
                    if !in_group {
                        sign = 1;
                    }
                }
                match c {
                    '/' if in_group || sign == -1 => return Err(text.to_string()),
                    '/' => sign = -1,
                    '(' if in_group => return Err("(".to_string()),
                    '(' => in_group = true,
                    ')' if !in_group => return Err(")".to_string()),
                    ')' => {
                        in_group = false;
                        sign = 1;
                    }
                    _ => {}
                }
            }
            _ => token.push(c),
        }
    }
    if in_group || sign == -1 {
        return Err(text.to_string());
    }
    Ok(parsed)
}

fn multiply(parsed: &mut ParsedUnit, factor: &str, sign: i8) -> Result<(), String> {
    let unknown = || factor.to_string();
    let (symbol, power) = match factor.split_once('^') {
        Some((symbol, power)) => (symbol, power.parse::<i8>().map_err(|_| unknown())?),
        None => match factor.strip_suffix('²') {
            Some(symbol) => (symbol, 2),
            None => match factor.strip_suffix('³') {
                Some(symbol) => (symbol, 3),
                None => (factor, 1),
            },
        },
    };
    if power.unsigned_abs() > 6 {
        return Err(unknown());
    }
    let power = power * sign;
    let (unit, prefix_exponent) = find_unit(symbol).ok_or_else(unknown)?;
    for (total, own) in parsed.dimension.iter_mut().zip(unit.dimension) {
        *total = total.checked_add(own * power).ok_or_else(unknown)?;
    }
    parsed.mantissa *= unit.mantissa.powi(i32::from(power));
    parsed.exponent += (unit.exponent + prefix_exponent) * i32::from(power);
    Ok(())
}

fn find_unit(symbol: &str) -> Option<(&'static Unit, i32)> {
    if let Some(unit) = UNITS.iter().find(|u| u.symbol == symbol) {
        return Some((unit, 0));
    }
    PREFIXES.iter().find_map(|(prefix, exponent)| {
        let rest = symbol.strip_prefix(prefix)?;
        UNITS.iter().find(|u| u.prefixed && u.symbol == rest).map(|u| (u, *exponent))
    })
}
