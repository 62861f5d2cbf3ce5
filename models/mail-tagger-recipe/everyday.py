"""Short everyday texts, made from sentences written for this project (public domain).

The corpus' ham is mostly technical mailing lists. Without these texts the model labels a friendly line, such as an
invitation, as spam, because "you" and "your" occur in advertising and "kernel" in the lists."""

import random
import re

slots = {
    "name": "Anna Ben Carol David Emma Fred Grace Hannah Ivan Julia Karl Laura Martin Nina Omar Paula Rosa Sam Tina Victor Mum Dad".split(),
    "day": "today|tomorrow|tonight|on Monday|on Tuesday|on Wednesday|on Thursday|on Friday|on Saturday|this weekend|next week|next Sunday".split("|"),
    "time": "at noon|at 3|at 8pm|at 10:30|around six|after work|in the morning|later|before lunch|at 4 o'clock".split("|"),
    "place": "the office|the station|our place|the cafe|the library|the park|the meeting room|my house|school|the airport|the gym|the restaurant".split("|"),
    "meal": "lunch|dinner|breakfast|coffee|a drink|pizza|tea".split("|"),
    "thing": "report|slides|contract|invoice|draft|photos|notes|agenda|spreadsheet|budget|proposal|pull request|tickets|keys|book|recipe|homework|document".split("|"),
    "person": "the team|my sister|the kids|my boss|the client|my brother|the doctor|the landlord|our neighbours|the teacher|grandma|everyone".split("|"),
    "amount": "$500|$1,000|$5,000|$10,000|$1,000,000|£2,000|€750|50,000 USD|thousands of dollars".split("|"),
    "prize": "iPhone|gift card|vacation|cruise|laptop|car|cash prize|holiday|voucher|TV|bonus|lottery jackpot".split("|"),
    "product": "pills|replica watches|insurance|medication|software|ink cartridges|loans|supplements|diet pills|credit cards|cable TV|mortgage rates".split("|"),
    "percent": "50%|70%|80%|90%|up to 75%|over 60%".split("|"),
    "bank": "bank|PayPal|email|credit card|online banking|mailbox|account".split("|"),
    "act": "Click here|Click below|Call now|Reply now|Order now|Act now|Visit our website|Sign up now|Apply online|Click the link".split("|"),
}

ham = """
Are we still on for {meal} {day}?|Do you want to grab {meal} {day}?|Can we meet {time} {day}?|Shall we meet at {place} {time}?
I'll be at {place} {time}.|I am running ten minutes late, sorry.|Could you send me the {thing} when you have a minute?
Please find the {thing} attached.|I have attached the {thing} you asked for.|Thanks for the {thing}, it looks great.
Can you review the {thing} before the meeting {day}?|I left the {thing} on your desk.|Have you seen my {thing}?|Where did you put the {thing}?
{name} asked whether you could bring the {thing}.|{name} says hi.|Did {name} call you back?|Please tell {name} that I will be late.
How are you doing?|How was your weekend?|How was your trip?|Happy birthday, {name}! Hope you have a lovely day.|Get well soon!
The meeting {day} is moved to {place}.|The meeting was cancelled, see you next week.|Let's talk about the {thing} {day}.
I talked to {person} and they agree.|I will pick up {person} {time}.|We are having {person} over for {meal} {day}, would you like to join us?
Can you pick up some milk on your way home?|Don't forget to call {person}.|Did you remember to lock the door?|The train is delayed again.
I can't make it {day}, can we do it another time?|Sounds good to me.|Okay, see you {day}.|See you there!|Good morning, {name}.|Let me know what you think.
Let me know if that works for you.|Sorry for the late reply, I was travelling.|I miss you, come visit soon.|What time does your flight arrive?
Which bus goes to {place}?|The kids have a day off {day}.|Thanks again for your help {day}.|Thank you so much for {meal}, it was lovely.
Your appointment is {day} {time}.|Your order has been shipped and should arrive {day}.|The plumber comes {day} {time}.|I paid the rent this morning.
The invoice for last month is attached, payment is due in 30 days.|Could you please approve the {thing}?|Please sign the {thing} and send it back to me.
The tests pass now, can you merge the {thing}?|The server is down again, can someone have a look?|I fixed the typo in the {thing}.|Deployment is done, everything looks fine.
I updated the {thing} with your comments.|Who is on call {day}?|Could we move our call to {day}?|I'm working from home {day}.|Is the printer working again?
We watched a great film last night.|It's raining here, take an umbrella.|The weather is beautiful, let's go to {place}.|Do you need anything from the shop?
My new phone number is 555 0142.|I lost my phone, please write to me here.|Just checking in to see how you are.|Congratulations on the new job!|We named her {name}.
Can I borrow your {thing} {day}?|The dog needs to go to the vet {day}.|Can you help me with my {thing}?|What should we get {name} for the birthday?
I'll call you {time}.|Call me when you get home.|Love you, see you {time}.|Are you free {day}?|Is it okay if I bring {person}?|Your parcel is at our place.
Please confirm that you received the {thing}.|Minutes of the meeting {day} are below.|The deadline for the {thing} is {day}.|We need to discuss the {thing} with {person}.
I think the {thing} is missing a page.|Hello|Hi {name}|Thanks!|Yes, please.|No problem.|Great, thank you.|ok|Hello {name}, how are you?|This is a test.|Test
"""

spam = """
WIN a free {prize} now!|You have won a {prize}!|Congratulations! You have been selected to receive a free {prize}.|Claim your free {prize} today.
Your {prize} is waiting, claim it before it expires.|You are the lucky winner of {amount}.|Make {amount} a week working from home!|Earn {amount} per month, no experience needed.
Earn extra cash from home, guaranteed.|Make money fast with this proven system.|Get rich quick, guaranteed results!|Be your own boss and earn {amount} a month.
Cheap {product}, no prescription needed.|Lowest prices on {product}, guaranteed!|Save {percent} on {product}.|{percent} off all {product} today only!|Buy {product} online, best price.
Limited time offer: {percent} off {product}!|Don't miss this amazing offer!|This offer expires soon, act now!|Order now and get a second one free!|FREE trial, no obligation.
Lose weight fast without dieting!|Lose 20 pounds in two weeks, guaranteed.|Look ten years younger with this miracle cream.|Increase your performance tonight.|Meet hot singles in your area.
Refinance your mortgage at the lowest rates.|Bad credit? No problem! Get approved for {amount} today.|Get out of debt now.|Pre-approved loan of {amount}, no credit check.|Consolidate your debt and save thousands.
Your {bank} account has been suspended, verify your password immediately.|URGENT: confirm your {bank} details or your access will be closed.|Unusual activity on your {bank} account, verify now.
I am a prince and need your help to transfer {amount}.|Dear friend, I have a confidential business proposal worth {amount}.|You inherited {amount}, send your bank details.
This stock is about to explode, buy now!|Hot stock tip: this one will triple in a week.|Double your money in 30 days, risk free.|100% risk free, money back guarantee.
Send this to ten friends and earn money.|Millions of email addresses for sale on CD.|Promote your business to millions with bulk email.|To be removed from our list, click here.
Free access to adult videos.|XXX pics, totally free!!!|Play at our online casino and get a {amount} bonus.|University diplomas, no exams, no classes.|Watch free cable TV with this descrambler.
Why pay more? Save {percent} on {product} now.|You could be paying less for {product}.|Special promotion for our valued customers: a free {prize}.|Once in a lifetime opportunity!
"""

calls_to_act = "{act}!|{act} to claim your {prize}.|{act} http://www.free-{word}.com|{act} before it's too late!!!|{act}, limited time only.|{act}"
greetings = "Hi {name},|Hello {name},|Hey,|Dear {name},|Hi,|Good morning,"
farewells = "Thanks,\n{name}|Cheers,\n{name}|Best,\n{name}|{name}|See you,\n{name}|Regards, {name}"


def sentences(block: str) -> list[str]:
    return [sentence for line in block.strip().splitlines() for sentence in line.split("|")]


ham_sentences, spam_sentences = sentences(ham), sentences(spam)


def everyday(count: int, rng: random.Random) -> list[tuple[str, int]]:
    """`count` texts of one to four sentences with their labels, half of them spam."""
    return [(spam_text(rng), 1) if at % 2 else (ham_text(rng), 0) for at in range(count)]


def ham_text(rng: random.Random) -> str:
    parts = rng.sample(ham_sentences, rng.choice([1, 1, 1, 2, 3]))
    if len(parts) > 1 or rng.random() < 0.2:
        parts = [rng.choice(sentences(greetings)), *parts] if rng.random() < 0.5 else parts
        parts = [*parts, rng.choice(farewells.split("|"))] if rng.random() < 0.5 else parts
    return roughen(fill(rng.choice([" ", "\n", "\n\n"]).join(parts), rng), rng)


def spam_text(rng: random.Random) -> str:
    parts = rng.sample(spam_sentences, rng.choice([1, 1, 2, 3]))
    if rng.random() < 0.5:
        parts.append(rng.choice(sentences(calls_to_act)))
    return roughen(fill(rng.choice([" ", "\n", "\n\n", ", "]).join(parts), rng), rng)


def fill(text: str, rng: random.Random) -> str:
    pick = {**slots, "word": ["money", "prize", "offer", "deal", "gift"]}
    return re.sub(r"\{(\w+)\}", lambda slot: rng.choice(pick[slot[1]]), text)


def roughen(text: str, rng: random.Random) -> str:
    """Varies the punctuation, so that it does not reveal the class."""
    if rng.random() < 0.3:
        text = re.sub(r"[!.]+", lambda found: rng.choice(["", "!", ".", "!!"]), text)
    return text.rstrip("?!.") if rng.random() < 0.2 else text
