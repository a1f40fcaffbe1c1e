"""Everyday words, and the names of the index that show what they mean."""

from __future__ import annotations

EVERYDAY = """
airport: airplane departure, control tower | alligator: crocodile | alpaca: llama | android: robot, cyborg
angel: baby angel | angry: angry face | apple: red apple, green apple | apple tree: fruit tree | apricot: peach
arena: stadium | armor: breastplate | bag: handbag, backpack, shopping bags | ball: soccer ball, basketball, beach ball
ballerina: ballet dancer, ballet shoes | bandage: adhesive bandage | barber: barber pole, person getting haircut
bathroom: bathtub, shower, toilet | bedroom: bed | bee: honeybee | beer: beer mug | bin: wastebasket | biscuit: cookie
blimp: airship | blood: drop of blood | blouse: womans clothes | blueberry: blueberries
boat: sailboat, motor boat, speedboat | bonfire: campfire, fire | bongo: djembe
book: open book, closed book, blue book | bookcase: bookshelf | bookshelf: books | bottle: wine bottle, beer bottle
box: package, cardboard box | bread: bread | breakfast: cooking, pancakes, fried egg | bridge: bridge at night
brontosaurus: sauropod, diplodocus | broomstick: broom | bug: lady beetle, beetle | builder: construction worker
bulldog: dog | bumblebee: honeybee | bunny: rabbit face, rabbit | burger: hamburger | cabinet: file cabinet
cable: electric plug, usb cable | cactus pot: potted cactus | cake: birthday cake, shortcake | calf: cow face, cow
candle: candle | candy cane: candy cane | cap: billed cap, baseball cap | captain: pirate, man pilot
car: automobile, oncoming automobile | carousel: carousel horse, merry go round | carpet: rug
cart: shopping cart | cassette: video tape | cd: optical disk, compact disc | cereal: bowl with spoon
chapel: church | cheesecake: shortcake, slice of cake | cheetah: leopard | cherry: cherries | chess: chess pawn
chest: treasure chest | chick: baby chick, hatching chick | chihuahua: dog | chili: hot pepper
chimpanzee: monkey, gorilla | chinese lantern: red paper lantern | chips: french fries, potato chips
circus: circus tent | city: cityscape, cityscape at dusk, night with stars | clam: oyster, seashell
clapperboard: clapper board | climber: person climbing, mountain climber | clock: mantelpiece clock, alarm clock
closet: wardrobe | cobweb: spider web | coffee: hot beverage | cola: cup with straw, soda can | comb: hair pick
computer: laptop, desktop computer | computer mouse: computer mouse | conch: spiral shell | corgi: dog
cottage: country house, house with garden | couch: couch and lamp, sofa | cowboy: cowboy hat face | coyote: wolf
crib: cradle | crow: black bird, raven | cruise ship: passenger ship, ship
cup: teacup without handle, hot beverage, mug | cup of coffee: hot beverage | cup of tea: teacup without handle
curry: curry rice | dachshund: dog | dalmatian: dog | dance: woman dancing, man dancing
dancer: woman dancing, man dancing | deck chair: sun lounger | demon: ogre, devil, imp
devil: smiling face with horns | diamond: gem stone | dice: game die
dinner: fork and knife with plate | dinosaur: sauropod, t rex | doctor: man health worker, woman health worker
doll: nesting dolls, japanese dolls | dolphin: dolphin | donut: doughnut | dracula: vampire, man vampire
dragon: dragon, dragon face | dress: dress | duckling: duck, rubber duck | dumpster: wastebasket, trash can
dune: desert | eagle: eagle | earth: globe showing europe africa, globe showing americas | electrician: mechanic
elk: moose, deer | face: grinning face | falcon: hawk, eagle | father: man
ferret: ermine | ferris wheel: ferris wheel | firework: fireworks | firecracker: firecracker
fish tank: fishbowl, aquarium | flag: triangular flag, flag, chequered flag | flip flop: thong sandal
flower: hibiscus, sunflower, tulip, blossom, cherry blossom | flowerpot: potted plant | flying saucer: flying saucer
foal: horse | folding fan: folding hand fan, hand fan | football: soccer ball, american football
football player: football player | forest: deciduous tree, evergreen tree | fortress: castle, citadel, fort
freezer: refrigerator | fries: french fries | frog: frog | frying pan: cooking, shallow pan of food
galaxy: milky way | garden: house with garden | gardener: farmer | gas pump: fuel pump | gas station: fuel pump
gift: wrapped gift | gingerbread: gingerbread man | glacier: iceberg | glass: glass of milk, tumbler glass
glasses: glasses | goal: goal net | gold: gold bar, coin | goldfish: tropical fish, fish | golf club: person golfing
golfer: person golfing | grandfather: old man | grandmother: old woman | grape: grapes
grapefruit: tangerine | grass: herb, tall grass, sheaf of rice | grasshopper: cricket | greyhound: dog
groom: man in tuxedo
guard: guard | guinea pig: hamster | hammer: hammer | handbag: handbag
happy: smiling face with smiling eyes, grinning face | harbor: dock, pier | hare: rabbit
hat: top hat, womans hat | hay: hay bale | haystack: hay bale | bale: hay bale | headphones: headphone
heart: red heart | hen: chicken, rooster | high heel: high heeled shoe | highway: motorway | hill: hills
home: house | hornet: wasp | horse rider: horse racing | hospital bed: stretcher, person in bed
hot air balloon: hot air balloon | hot chocolate: hot beverage | husky: dog, wolf | hydrant: fire hydrant
ice cream: soft ice cream, ice cream | ice skate: ice skate | iguana: lizard | insect: beetle, ant, cricket
island: desert island | ivy: vine | jackal: wolf | jaguar: leopard | jam: jar | jellyfish: jellyfish
jelly: custard | jet: airplane, jet fighter, small airplane | jewel: gem stone | jigsaw puzzle: puzzle piece
jockey: horse racing | judo: martial arts uniform | juggler: person juggling | juice: beverage box, juice box
kidney: kidneys | king: person with crown, prince | kitten: cat face, cat | kiwi: kiwi fruit | koi: fish, carp streamer
labrador: dog | ladybug: lady beetle | lamb: ewe | lance: spear | lavender: hyacinth | lawyer: judge
leaf: maple leaf, fallen leaf | letter: envelope, love letter | lettuce: leafy green, green salad
light bulb: light bulb | lighthouse: light house | lightning: high voltage, cloud with lightning
lioness: lion | loaf: bread | locket: pendant | love: red heart, heart with arrow | lunch: bento box, sandwich
lung: lungs | magazine: newspaper | magician: mage | magnifying glass: magnifying glass tilted left
mail carrier: delivery man | mansion: house | mantis: praying mantis | maple: maple leaf | market: market stall
mask: performing arts, theater mask | mattress: bed | meadow: flowers, tall grass | meat: meat on bone, cut of meat
meatball: falafel | mechanic: mechanic | medal: sports medal | medicine: pill | mermaid: mermaid, merperson
message: envelope | milk: glass of milk | milkshake: bubble tea, cup with straw | missile: rocket
mitten: gloves, mittens | money: money bag, dollar banknote, coin | monitor: computer monitor, desktop computer
monster: ogre, alien monster, goblin | moon: crescent moon, full moon | mother: woman | motorboat: motor boat
mountain: snow capped mountain, mountain, mount fuji | mountaineer: mountain climber | mouse: mouse face, mouse
movie: clapper board, movie camera | mug: mug | mule: donkey | muscle: flexed biceps | museum: classical building
music: musical notes | musician: singer, man singer | nectarine: peach | nessie: loch ness monster
net: goal net, butterfly net | newborn: baby | night: night with stars | note: musical note | oar: paddle
ocean: water wave | office: office building | omelette: cooking | orange: tangerine | orca: orca
orchard: fruit tree | ornament: christmas ornaments | paella: shallow pan of food
painter: artist, man artist, woman artist | painting: framed picture | palace: castle, taj mahal
pan: frying pan, cooking | panda: panda | panther: leopard | paper: page facing up, page with curl
parachutist: parachute | parasol: umbrella on ground, beach umbrella | parcel: package | pawn: chess pawn
pea: pea pod | pelican: pelican | pepper: bell pepper | person: person, man, woman | phone: mobile phone, telephone
pigeon: dove | piglet: pig face, pig | pine: evergreen tree | ping pong paddle: ping pong
pirate ship: galleon, viking ship | pitcher: jug | plane: airplane | planet: ringed planet
plate: fork and knife with plate | playground: playground slide | plug: electric plug | plumber: mechanic
pony: horse, carousel horse | porridge: bowl with spoon | poster: framed picture | present: wrapped gift
professor: teacher, woman teacher, man teacher | puck: ice hockey | pudding: custard | pufferfish: blowfish
puppy: dog face, dog | python: snake | queen: princess | racing driver: racing car
race car: racing car | rain: cloud with rain | ramen: steaming bowl | record: vinyl record | recorder: flute
restaurant: fork and knife with plate | rickshaw: auto rickshaw | ring: ring | river: river | road sign: stop sign
robin: bird | rook: chess rook | rugby ball: rugby football | sad: crying face, disappointed face
salad: green salad | salamander: lizard | sand: desert, beach with umbrella | santa: santa claus
satellite dish: satellite antenna | saucepan: pot of food | scientist: scientist, man scientist, woman scientist
scuba diver: diving mask | sculpture: moai | sea: water wave | sea lion: seal | sea monster: sea serpent
seashell: spiral shell | seaweed: algae | secretary: office worker | shackles: handcuffs | shampoo: lotion bottle
sheepdog: dog | shed: hut | shell: spiral shell, seashell | sheriff: sheriff badge | shirt: t shirt
shoe: running shoe, mans shoe | shop: convenience store | shrine: shinto shrine | sign: placard, wooden sign
skater: ice skaters, skateboarder | skewer: oden, dango | ski: skis | ski lift: aerial tramway, chairlift
sky: sun behind cloud, cloud | skydiver: parachute | skyscraper: office building, cityscape
sleigh: sled | slide: playground slide | slug: snail | smile: grinning face | smoothie: cup with straw
snow: snowflake, cloud with snow | soccer: soccer ball | soda: cup with straw, soda can | sofa: couch and lamp
soldier: guard, military helmet | soup: pot of food | space: milky way | space station: satellite
spaceship: flying saucer, rocket | spade: shovel | spinach: leafy green | spring: coil spring | spy: detective
star: star, glowing star | starry night: night with stars, milky way | station: station | steak: cut of meat
steam train: locomotive | stew: pot of food | stocking: socks | stone: rock | stonehenge: dolmen
store: convenience store, department store | storm: cloud with lightning and rain, tornado | straw: cup with straw
straw hat: womans hat | street: motorway | streetlight: street lamp | suit: man in tuxedo | sun: sun, sun with face
sundae: ice cream, shaved ice | sunset: sunrise, sunrise over mountains, cityscape at dusk | superhero: superhero
superman: superhero | supermarket: convenience store | surgeon: health worker | surfer: person surfing
swimmer: person swimming | swimsuit: one piece swimsuit | sword: dagger, crossed swords
tail: fox tail | tango: woman dancing | tank: tank | tape: cassette tape, video tape | tarantula: spider
tea: teacup without handle, teapot | teenager: boy, girl | teeth: tooth, dentures | terrier: dog
thief: robber, bandit | thumb: thumbs up | thunderstorm: cloud with lightning and rain | tiki: totem
tin: canned food, tin can | tipi: teepee | tire: wheel | toad: frog | toadstool: mushroom | toddler: baby, child
toe: foot
tomb: headstone, sarcophagus | torii: shinto shrine | tower: tokyo tower, castle tower | town: houses, village
toy: teddy bear, yo yo | trail: mountain | train: locomotive, high speed train | train station: station
trash bin: wastebasket | trash can: wastebasket | treasure: treasure chest, coin
tree: deciduous tree, evergreen tree | truck: delivery truck | trunk: wood | tugboat: ship, motor boat | tuna: fish
turnip: root vegetable | tuxedo: man in tuxedo | tv: television | ufo: flying saucer
ukulele: guitar, banjo | umbrella: umbrella | university: classical building, graduation cap | usb stick: flash drive
vase: amphora, porcelain vase | veil: woman with veil | wagon: covered wagon | warthog: boar
watch: watch | water: droplet, water wave, glass of water | wave: water wave | whale: spouting whale, whale
whiskey: tumbler glass | wind turbine: wind turbine | wine: wine glass, wine bottle | wishing well: well
witch: woman mage | wizard: mage, man mage | workshop: toolbox
world: globe showing europe africa, globe showing asia australia | wrap: burrito | wreath: laurel wreath
wrestler: people wrestling | yak: ox | yeti: hairy creature | bigfoot: hairy creature
zeppelin: airship | zucchini: cucumber
antler: deer | bean: beans | cafe: hot beverage | cinema: movie theater, movie camera
circle: blue circle, red circle | cockatoo: parrot | couple: bride and groom | farmhouse: barn, farm | film: film frames
folder: file folder | gem: gem stone | gladiator: centurion | hunter: archer
karate: martial arts uniform, karate fighter
kitchen: stove, refrigerator | laundry basket: basket | lily: lotus | living room: couch and lamp
milk can: milk bottle | monument: statue of liberty, moai | pancake: pancakes | picnic basket: basket
picture: framed picture | plow: plough | pond: lily pad | pot: pot of food, cooking pot | quilt: blanket
rail track: railway track, railroad | rice: cooked rice | rowboat: person rowing boat, canoe | salami: sausage
sand bucket: bucket | scaffold: scaffolding | sleigh bell: bell | squash: pumpkin | stage: theater
stagecoach: covered wagon | stream: river, waterfall | tourist: hiker | toy car: small car
barbecue: barbecue grill | boulder: rock | card: playing card | eclipse: solar eclipse | ginger: ginger root
horn: postal horn, trumpet | monocle: face with monocle | scale: balance scale, bathroom scale | stamp: postage stamp
"""


def everyday_names() -> dict[str, list[str]]:
    """The table above: from each everyday word to the names of the index that show it."""
    pairs = (pair.split(":") for line in EVERYDAY.strip().split("\n") for pair in line.split("|"))
    return {word.strip(): [name.strip() for name in names.split(",")] for word, names in pairs}
