"""Sentences written for this project, 25 for each emotion of RAVDESS.

They were written once, before any result, by one rule: everyday words, one sentence, and never
the name of the emotion. Nobody said or judged them, several would fit another emotion too, and what
is learned from them holds for constructed tasks alone.
"""

SENTENCES = {
    "neutral": """
The bus stops in front of the library.
There are four chairs around the table.
The meeting starts at ten in the second room.
I put the keys in the drawer.
The report has twelve pages.
She works on the third floor.
The store closes at eight on weekdays.
He bought bread and a litre of milk.
The train to the city runs every hour.
My phone number ends with seven.
The printer is next to the window.
We need two more copies of the form.
The street turns left after the bridge.
The package weighs about three pounds.
It will be cloudy in the afternoon.
The recipe asks for one cup of flour.
The book is on the lower shelf.
They moved the desk to the other wall.
The lecture lasts ninety minutes.
The door code has four digits.
I usually take the stairs.
The blue folder holds last year's invoices.
The water is turned off between nine and ten.
His office is in the next building.
The list is sorted by date.
""",
    "calm": """
Take a slow breath and let your shoulders drop.
There is no hurry, we have the whole afternoon.
It is quiet by the lake this morning.
Just sit with me for a while.
Everything will work out in its own time.
Let us listen to the rain for a bit.
I am resting in the garden under the old tree.
The house is still and the tea is warm.
Close your eyes and feel the gentle breeze.
Nothing needs to be done right now.
I feel at ease when the waves come and go.
Lean back, you are safe here.
We can talk about it whenever you are ready.
The evening light is soft over the hills.
I slept well and woke without an alarm.
Slowly, one step after the other.
My mind is clear and my hands are steady.
The cat is sleeping in the sun and so am I.
It is fine either way, I do not mind.
Let the thought pass like a cloud.
We walked without speaking along the river.
Soft music, a blanket, and no plans.
I trust that it will settle by itself.
Rest now, tomorrow is another day.
The snow falls silently and I just watch.
""",
    "happiness": """
We won the game in the last minute!
I got the job, I start on Monday!
What a wonderful day to be outside.
My sister had her baby and everyone is well!
This is the best birthday I ever had.
I cannot stop smiling since she said yes.
We are going to the sea tomorrow, hooray!
Look how beautifully the garden blooms!
I passed every single exam!
It is so good to see you again, my friend!
Let us dance until the sun comes up!
The children laughed all the way home.
You made my whole week with that letter.
Our team finally got the prize we worked for.
I love this song, turn it up!
Grandma is out of hospital and baking again!
That was the funniest story I have heard in years.
We got the little house with the garden!
Thank you, this present is perfect!
I feel like singing in the street.
Summer holidays begin today!
He hugged me and we both giggled.
My painting will hang in the gallery!
Cheers to the two of you, what a wedding!
Everything I wished for came true this year.
""",
    "sadness": """
I miss her every single day.
We buried our old dog this morning.
Nobody came to my party.
He left and he is not coming back.
I cried myself to sleep again.
The house feels empty without the kids.
I lost the ring my mother gave me.
She does not remember my name anymore.
All those years, and now it is over.
I sit alone at the table every evening.
They closed the school where I grew up.
I wish I had said goodbye to him.
There is nothing left to hope for.
My best friend moved away for good.
I could not save the little bird.
Her chair has been empty since the funeral.
I failed again, maybe I am just not good enough.
The letters stopped and I know why.
It breaks my heart to see him like this.
We had to give the baby's things away.
I have no one to call on Sundays.
The doctors said there is nothing more they can do.
Tears ran down his face and he said nothing.
I keep looking at our old pictures.
Some days I cannot even get out of bed.
""",
    "anger": """
How dare you speak to me like that!
Get out of my house right now!
I told you a hundred times not to touch it!
You lied to my face and I am done with you!
Stop blaming me for your mistakes!
This is outrageous, I want to see the manager!
He stole my work and put his name on it!
Shut up and listen for once!
I am sick of your excuses!
You broke it on purpose, admit it!
They cheated us out of every cent!
Do not ever call me again!
Who gave you the right to read my letters?
I will not stand for this any longer!
That idiot cut me off and nearly hit us!
You never listen, you never ever listen!
I hate the way you treat her!
Enough! Take your hands off me!
They fired him for telling the truth, the bastards!
You ruined everything, are you proud of yourself?
This is the third time you let me down!
I could smash that stupid machine!
Stop shouting at my children!
You had no business going behind my back!
I demand an apology this minute!
""",
    "fear": """
Someone is following us, walk faster.
Please do not leave me alone in the dark.
I heard footsteps and nobody else is home.
My hands are shaking, I cannot breathe.
What if the plane goes down?
There is something moving behind that door.
Run, he has a gun!
I think the ice is cracking under us.
Do not go in there, I beg you.
The brakes are not working!
They will find us if we make a sound.
I had that nightmare again and woke up screaming.
The water is rising and we are trapped.
Please, please do not hurt me.
I dread what the test results will say.
Is it still there? I dare not look.
The whole building is shaking, get under the table!
We are lost and it is getting dark.
He said he would come back for me tonight.
Help, I cannot swim!
The lights went out and then the phone rang.
I am too scared to climb down.
Something cold touched my neck.
My heart pounds whenever I have to speak up there.
Wolves, I can hear them all around us.
""",
    "disgust": """
There is a hair in my soup.
The milk has gone sour and lumpy.
Ugh, it smells like rotten eggs in here.
He spat on the floor next to my plate.
Something slimy is stuck to my shoe.
The meat was crawling with maggots.
I am going to throw up.
The toilet has not been cleaned in weeks.
Do not eat that, it is covered in mould!
He picks his nose and wipes it on the seat.
The whole fridge stinks of old fish.
Yuck, the dog licked my toothbrush.
There are cockroaches in the sugar.
Her sink is full of greasy, rotting leftovers.
That is the most revolting thing I ever tasted.
I stepped barefoot into cat vomit.
His breath makes my stomach turn.
Rats have been nesting in the mattress.
Take that filthy rag away from the food.
The bandage was yellow and dripping.
Gross, you are chewing with your mouth open.
They found worms in the drinking water.
The sewage came up through the shower.
It tasted like soap and spoiled butter.
Please clean that up, I cannot even look at it.
""",
    "surprise": """
Wait, you are her twin brother?
Oh! I did not expect you until next week!
No way, is that really you?
You mean the old man wrote it himself?
Good heavens, where did that come from?
I had no idea you could play the piano!
What? They got married in secret?
It was in my pocket the whole time, imagine that!
Wow, it changed colour right before my eyes!
She just stood up and walked out, out of nowhere!
Are you telling me this was painted by a child?
I opened the box and it was empty!
Really? He is only twelve years old?
I never would have guessed that it was her.
Suddenly the wall turned and there was a room behind it.
How on earth did you get in here?
Oh my, look at the size of that thing!
You kept this from me for ten years? Unbelievable!
Hang on, the answer was printed on the back?
And then the statue sneezed, I swear!
I thought you lived in Canada!
Did that parrot just say my name?
The numbers match, all six of them, can you believe it?
Who would have thought that the cat could open doors?
I turned around and everybody was there with a cake!
""",
}


def list_sentences(emotion: str) -> list[str]:
    """Return the 25 sentences of an emotion, always in the same order."""
    return SENTENCES[emotion].strip().splitlines()
