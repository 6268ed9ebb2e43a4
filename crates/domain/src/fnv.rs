//! FNV-1a, 64 bit: a short name for a longer one, the same for ever and on every machine. It keeps
//! directories apart, not secrets. Source: <http://www.isthe.com/chongo/tech/comp/fnv/>.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x100_0000_01b3;

/// The hash of some bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// Eight hexadecimal characters that stand for some bytes.
pub fn short_name(bytes: &[u8]) -> String {
    let hash = hash(bytes);
    format!("{:08x}", (hash ^ (hash >> 32)) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_values_come_out() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(short_name(b"foobar").len(), 8);
    }
}
