"""Texts for the golden vectors: mail, scripts, symbols and limits that a tokenizer must handle. Written for this project.

Two cases are excluded, because the Rust tokenizers and @huggingface/tokenizers 0.2.0, which serves, differ: a Greek capital
sigma at the end of a word (only one lowercases it to the final sigma), and adjacent ideographs beyond the Basic
Multilingual Plane (U+20000 and up: Rust splits them, JavaScript does not; all are [UNK])."""

mail = [
    "WIN a free prize now, click here",
    "Are we still meeting for lunch tomorrow?",
    "Re: quarterly numbers\n\nHi Anna,\n\nthe figures you asked for are attached. Could you check row 14?\n\nThanks,\nBen",
    "Subject: URGENT!!! Your account has been SUSPENDED\n\nDear customer, verify your password within 24 hours.",
    "Lose 10 lbs in 10 days, GUARANTEED or your money back!!!",
    "You have been selected for a $1,000,000.00 cash award. Reply with your bank details.",
    "On Tue, 3 Sep 2002 at 10:15, Carol wrote:\n> Does the build still fail?\n> > Only on Solaris.\n\nFixed in CVS.",
    "FW: FW: Fwd: re: AW: funny picture",
    "Your invoice no. 2024-0815 (due 31.12.) is overdue.",
    "Please find attached the minutes of the board meeting held on 5th May.",
    "V1AGRA c.h.e.a.p - no pr3scription n33ded",
    "M-A-K-E M-O-N-E-Y F-A-S-T",
    "If you no longer wish to receive these mailings, click here to unsubscribe.",
    "Patch attached; it moves the lock out of the loop, which halves the contention.",
    "Refinance your mortgage at 3.25% APR* (*subject to approval)",
    "can u call me b4 8pm? thx :-)",
    "Dear Sir/Madam, I am the widow of the late General ...",
    "Dinner at ours on Saturday? The kids would love to see you.",
    "Your parcel #A1B2-C3D4 could not be delivered. Reschedule: http://parcel.example/x?id=12&t=ab",
    "ssh: connect to host build01 port 22: Connection refused",
]
unicode_letters = [
    "café naïve résumé façade", "cafe\u0301 nai\u0308ve re\u0301sume\u0301 fac\u0327ade", "ÀÉÎÕÜ àéîõü", "A\u0300E\u0301I\u0302O\u0303U\u0308",
    "Straße GROẞ weiß", "Łódź Gdańsk źdźbło", "İstanbul ıssız", "I\u0307stanbul", "Đorđe Šišić", "Ångström å a\u030a",
    "Þórr æsir œuvre", "ﬁnance ﬂuid eﬃcient", "ＦＵＬＬＷＩＤＴＨ ｔｅｘｔ １２３", "ǅ ǆ Ǆ", "Tiếng Việt có dấu", "Tiê\u0301ng Viê\u0323t",
    "Ελληνικά γράμματα", "αβγ ΑΒΓ άέή ΆΈΉ", "Привет, как дела? ЁЖИК ёжик йод", "и\u0306од", "Український текст ґєії", "հայերեն", "ქართული ენა",
    "हिन्दी में लिखा", "தமிழ் எழுத்து", "ภาษาไทย", "ኣማርኛ", "ʻokina Hawaiʻi", "z\u0335a\u0338l\u0321g\u0334o\u0353", "𝔣𝔯𝔞𝔨𝔱𝔲𝔯 𝐛𝐨𝐥𝐝", "Ⅷ ⅷ ½ ² ₃ №",
    "ά ώ\u0301 ΐ", "Ǻ A\u030a\u0301", "ẛ̣ ſ", "K (Kelvin) Å (Angstrom) Ω (Ohm)",
]
cjk = [
    "中文测试", "免費 無限次 電話", "日本語のテキスト", "ひらがな カタカナ ｶﾀｶﾅ", "漢字kanji混ざり", "한국어 문장입니다", "부동산정보나라 02-2613-1470", "가 각 \u1100\u1161\u11a8",
    "one 𠀀 of extension B", "㐀㐁 extension A", "豈更 compatibility", "「引用」、。！？", "价格：￥99.00", "が か\u3099",
]
emoji = [
    "😀 smile", "😀😀😀", "win 🎉🎁 now", "👨‍👩‍👧‍👦 family", "👩🏽‍💻 codes", "🇩🇪 🇫🇷 🇯🇵", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "❤️ ❤ ❤︎", "1️⃣ 2️⃣ #️⃣", "☎ ✂ ✈️ ™ © ®", "a😀b", "🤷🏿‍♀️!", "(╯°□°)╯︵ ┻━┻",
]
invisible = [
    "", " ", "   ", "\t", "\n", "\r\n\r\n", " \t\n\r ", "\u00a0", "\u3000", "\u2028\u2029", "\u0085", "\u200b", "\u200b\u200c\u200d\ufeff",
    "zero\u200bwidth", "soft\u00adhyphen", "word\u2060joiner", "\ufeffbyte order mark", "a\u00a0b\u2003c\u3000d", "nul\u0000byte", "bell\u0007 esc\u001b[31m red",
    "tab\there", "line\nfeed\r\ncarriage\rreturn", "vertical\u000btab form\u000cfeed", "del\u007f c1\u0080\u009f", "unit\u001fseparator", "replacement \ufffd character",
    "private \ue000 use", "noncharacter \ufffe\uffff", "tag\U000e0041\U000e0042", "a\u2028b\u2029c", "ogham\u1680space", "mongolian\u180evowel",
]
directions = [
    "שלום עולם", "שָׁלוֹם עִבְרִית", "مرحبا بالعالم", "مَرْحَبًا", "السعر ١٢٣ ريال", "\u202eright to left override\u202c", "abc \u200fאבג\u200e def", "فارسی می\u200cخواهم", "اردو زبان", "\u2067isolate\u2069",
]
links = [
    "http://example.com", "https://www.example.com/a/b?c=d&e=%20f#g", "http://192.168.0.1:8080/x", "someone@example.com", "<mailto:a.b+c@mail.example.co.uk>",
    "www.free-money.example", "ftp://host/~user/file.tar.gz", "file:///C:/Users/x", "C:\\WINDOWS\\system32", "/usr/local/bin/perl -w", "hxxp://evil[.]example", "http://münchen.example/straße",
]
punctuation = [
    "Hello, world!", "... --- ...", "!!!???", "$$$ £££ €€€ ¥¥¥", "it's don't won't we'll I'd", "“curly” ‘quotes’ «guillemets»", "a-b–c—d―e", "50% off* & more", "[CLS] [SEP] [PAD] [UNK] [MASK]", "[cls] [ mask ]",
    "##ing ## #", "snake_case and __dunder__", "{\"json\": [1, 2.5, null]}", "<p>html &amp; entities</p>", "a|b||c", "~`@#$%^&*()_+-={}[]|\\:;\"'<>,.?/", "¿Qué? ¡Sí!", "§ 12 Abs. 3", "†‡•…‰′″", "→ ⇒ ∑ ∞ ≠ ≈",
]
numbers = [
    "0", "1234567890", "3.14159", "1,000,000", "1e-10", "0xDEADBEEF", "+49 (0)30 1234-567", "2002-08-22T10:15:00Z", "12:30pm", "1st 2nd 3rd 4th", "١٢٣٤٥", "１２３", "four4mixed2numbers",
]
words = [
    "a", "Supercalifragilisticexpialidocious", "Donaudampfschifffahrtsgesellschaftskapitän", "x" * 100, "x" * 101, "ab" * 150, "é" * 100, "é" * 101, "e\u0301" * 60, "word" + "!" * 120,
    "q" * 99 + " short", "zzzzqqqqxxxxjjjj", "antidisestablishmentarianism's", "word " * 40,
]

texts = mail + unicode_letters + cjk + emoji + invisible + directions + links + punctuation + numbers + words
